from tests.reliability.runs import Runner
from tests.fault_control import Faults
def test_x(runner: Runner, faults: Faults, capfd, caplog) -> None:
    dag = runner.build("g1_probe", "  - {name: one, command: [echo, hi]}")
    faults.add("throttle", "RunJobFlow", times=1)
    outcome = runner.run(dag)
    out = "".join(capfd.readouterr())
    with capfd.disabled():
        print(outcome.seconds, faults.counts(), faults.hits())
        for c in faults.calls(): print(c["operation"], round(c["time"] % 1000,2), c["fault"])
        for e in outcome.events: print(e)
        print(out[-3000:])
        print("CAPLOG", [r.getMessage() for r in caplog.records if r.name.startswith("emr_pip")])
