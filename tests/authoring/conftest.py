"""The Spark session of the jobs' tests. Here, and not with them: on Spark 4 those run without the command line's own packages."""

from tests.jobs.conftest import interpreted as interpreted
from tests.jobs.conftest import spark as spark
