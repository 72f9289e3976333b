"""s3-dist-cp: its options, and what its program copies between the directories that stand for S3 and HDFS."""

from __future__ import annotations

import gzip
import json

import pytest

from emr_local.runners.dist_cp.arguments import DistCpError, parse_dist_cp
from emr_local.runners.dist_cp.job import main

ENDS = ("--src", "s3://b/in", "--dest", "hdfs:///out")


class Copier:
    """Runs the program on directories of its own."""

    def __init__(self, directory, capsys):
        self._capsys = capsys
        self.s3, self.hdfs = directory / "s3", directory / "hdfs"
        (self.s3 / "b").mkdir(parents=True)
        self.hdfs.mkdir()
        self._places = directory / "places.json"
        places = {"s3_root": str(self.s3), "hdfs_root": str(self.hdfs), "hdfs_name": "emr-local"}
        self._places.write_text(json.dumps(places))
        self.stderr = ""

    def put(self, **files):
        for name, content in files.items():
            path = self.s3 / "b" / "in" / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def run(self, *arguments):
        code = main([str(self._places), *arguments])
        self.stderr = self._capsys.readouterr().err
        return code

    def copied(self, root="out"):
        found = sorted(path for path in (self.hdfs / root).rglob("*") if path.is_file())
        return {path.relative_to(self.hdfs / root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def copier(tmp_path, capsys):
    return Copier(tmp_path, capsys)


def test_a_tree_is_copied_with_its_folders(copier):
    copier.put(a_dot_txt=b"1", day__b_dot_txt=b"22", day__hour__c=b"")
    (copier.s3 / "b" / "in" / ".a.txt.crc").write_bytes(b"Hadoop's own")
    assert copier.run(*ENDS) == 0
    assert copier.copied() == {"a.txt": b"1", "day/b.txt": b"22", "day/hour/c": b""}
    assert copier.stderr == "Copied 3 files, 0.0 MB\n"


def test_copies_go_both_ways_and_replace_what_was_there(copier):
    copier.put(x=b"new")
    assert copier.run("--src=s3://b/in/", "--dest=/data") == 0
    assert copier.run("--src", "hdfs:///data", "--dest", "s3a://b/back/") == 0
    assert copier.run("--src", "hdfs://emr-local/data/x", "--dest", "hdfs:///single") == 0
    assert (copier.s3 / "b" / "back" / "x").read_bytes() == b"new"
    assert copier.copied("single") == {"x": b"new"}
    copier.put(x=b"newer")
    assert copier.run("--src", "s3://b/in", "--dest", "/data") == 0
    assert copier.copied("data") == {"x": b"newer"}


def test_a_pattern_fits_the_whole_address(copier):
    copier.put(a_dot_log=b"1", a_dot_txt=b"2", day__b_dot_log=b"3")
    assert copier.run(*ENDS, "--srcPattern", r".*/day/.*\.log") == 0
    assert copier.copied() == {"day/b.log": b"3"}


@pytest.mark.parametrize("more", [("--srcPattern", r"\.log"), ("--src", "s3://b/empty")])
def test_nothing_to_copy_fails_as_s3distcp_does(copier, more):
    copier.put(a_dot_log=b"1")
    assert copier.run(*ENDS, *more) == 1
    assert "Input path does not exist: hdfs:/tmp/" in copier.stderr
    assert more[1] in copier.stderr.replace("\\\\", "\\")


def test_groups_are_written_behind_each_other_and_named_by_what_they_matched(copier):
    copier.put(d__2017_1_dot_log=b"a", d__2017_2_dot_log=b"b", d__2018_1_dot_log=b"c", other=b"not copied")
    assert copier.run(*ENDS, r"--groupBy=.*/(\d{4})_\d(\.log)") == 0
    assert copier.copied() == {"d/2017.log": b"ab", "d/2018.log": b"c"}


def test_a_group_is_cut_into_parts_of_the_target_size(copier):
    half = b"x" * 600_000
    copier.put(p1_dot_gz=half, p2_dot_gz=half, p3_dot_gz=b"y")
    assert copier.run(*ENDS, "--groupBy", r".*/(p)\d(\.gz)", "--targetSize,1") == 0
    assert {name: len(content) for name, content in copier.copied().items()} == {"p0.gz": 600_000, "p1.gz": 600_001}


def test_new_data_goes_behind_the_last_part(copier):
    copier.put(p1=b"1")
    group = (*ENDS, "--groupBy", r".*/(p)\d", "--appendToLastFile")
    assert copier.run(*group) == 0
    copier.put(p1=b"2")
    assert copier.run(*group) == 0
    assert copier.copied() == {"p": b"12"}


def test_files_are_packed_and_unpacked(copier):
    copier.put(a_dot_txt=b"text", b_dot_gz=gzip.compress(b"packed"))
    assert copier.run(*ENDS, "--outputCodec=gz") == 0
    packed = copier.copied()
    assert {name: gzip.decompress(content) for name, content in packed.items()} == {
        "a.txt.gz": b"text",
        "b.gz": b"packed",
    }
    assert copier.run("--src", "/out", "--dest", "/plain", "--outputCodec", "none") == 0
    assert copier.copied("plain") == {"a.txt": b"text", "b": b"packed"}


def test_sources_go_after_a_copy_that_succeeded(copier):
    copier.put(a=b"1")
    assert copier.run(*ENDS, "--deleteOnSuccess") == 0
    assert (copier.copied(), list((copier.s3 / "b" / "in").iterdir())) == ({"a": b"1"}, [])


def test_outputs_are_numbered(copier):
    copier.put(a=b"1", d__b=b"2")
    assert copier.run(*ENDS, "--numberFiles", "--startingIndex", "5") == 0
    assert copier.copied() == {"5a": b"1", "d/6b": b"2"}


def read_manifest(copier, name):
    lines = gzip.decompress((copier.hdfs / "out" / name).read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def test_manifests_keep_a_series_of_copies_from_repeating_itself(copier):
    copier.put(a=b"1")
    assert copier.run(*ENDS, "--outputManifest=m1.gz", "--requirePreviousManifest=false") == 0
    assert read_manifest(copier, "m1.gz") == [
        {"path": "hdfs:///out/a", "baseName": "a", "srcDir": "hdfs:///out", "size": 1}
    ]
    copier.put(a=b"changed", b=b"2")
    assert copier.run(*ENDS, "--outputManifest=m2.gz", "--previousManifest=hdfs:///out/m1.gz") == 0
    assert copier.copied()["a"] == b"1"
    assert [entry["baseName"] for entry in read_manifest(copier, "m2.gz")] == ["a", "b"]
    again = ("--src", "/out", "--dest", "/again", "--previousManifest", "hdfs:///out/m2.gz", "--copyFromManifest")
    assert copier.run(*again) == 0
    assert copier.copied("again") == {"a": b"1", "b": b"2"}


def test_a_manifest_that_is_not_there_fails_unless_it_need_not_be(copier):
    copier.put(a=b"1")
    missing = (*ENDS, "--previousManifest=hdfs:///none.gz")
    assert copier.run(*missing) == 1
    assert "--previousManifest hdfs:///none.gz does not exist" in copier.stderr
    assert copier.run(*missing, "--requirePreviousManifest=false") == 0


def test_prefixes_of_a_file_are_listed_in_place_of_the_source(copier):
    copier.put(a__x=b"1", b__y=b"2", c__z=b"3")
    (copier.hdfs / "prefixes").write_text("s3://b/in/a\ns3://b/in/c/\n")
    assert copier.run(*ENDS, "--srcPrefixesFile", "hdfs:///prefixes") == 0
    assert copier.copied() == {"a/x": b"1", "c/z": b"3"}


@pytest.mark.parametrize(
    ("ends", "problem"),
    [
        (("--src", "s3://nowhere/x", "--dest", "/out"), "NoSuchBucket"),
        (("--src", "/in", "--dest", "s3://b/../../out"), "'..' segment"),
        (("--src", "ftp://host/x", "--dest", "/out"), 'No FileSystem for scheme "ftp"'),
        (("--src", "hdfs://other:8020/x", "--dest", "/out"), "the cluster has one HDFS"),
    ],
)
def test_an_address_that_nothing_stands_behind_is_refused(copier, ends, problem):
    assert copier.run(*ends) == 1
    assert problem in copier.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--src", "a"), "--dest is missing"),
        (("--dest", "a"), "--src is missing"),
        ((*ENDS, "--groupBy", ".*"), "has no group"),
        ((*ENDS, "--srcPattern", "("), "not a regular expression"),
        ((*ENDS, "--targetSize", "big"), "not a whole number"),
        ((*ENDS, "--outputCodec", "lzo"), "lzo is not supported"),
        ((*ENDS, "--deleteOnSuccess=yes"), "neither true nor false"),
        ((*ENDS, "--what"), "is not an option"),
        ((*ENDS, "--srcPattern"), "needs a value"),
        ((*ENDS, "--outputManifest", "m.gz"), "--previousManifest is missing"),
        ((*ENDS, "--copyFromManifest"), "--previousManifest is missing"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments, problem):
    with pytest.raises(DistCpError, match=problem):
        parse_dist_cp(list(arguments))


def test_options_for_aws_alone_are_taken_and_noted():
    options = parse_dist_cp(
        [*ENDS, "--s3Endpoint=s3.eu-west-1.amazonaws.com", "--disableMultipartUpload", "--storageClass", "X"]
    )
    assert [note.split()[0] for note in options.notes] == ["--s3Endpoint", "--storageClass", "--disableMultipartUpload"]
