#!/bin/bash
# EMR bootstrap action: installs Python packages on every node, for the Python that PySpark runs.
#
# Usage: install_python_packages.sh [PACKAGE==VERSION ...]
# Without arguments it installs what the jobs in include/pyspark need. Run twice, it installs once.
# PYSPARK_PYTHON names another interpreter than the one found here; set the same one for Spark.
set -euo pipefail

packages=("$@")
if [[ ${#packages[@]} -eq 0 ]]; then
    # pandas: pyspark.ml.functions imports it, which no job does by itself.
    packages=(wordcloud==1.9.6 Pillow==13.0.0 numpy==2.4.6 matplotlib==3.11.2 pandas==2.3.3)
fi

# From emr-7.13 PySpark runs python3.11 while python3 and pip3 are still 3.9: what pip3 installs, no job sees.
python=${PYSPARK_PYTHON:-$(command -v python3.11 || command -v python3)} || {
    echo "install_python_packages: no python3 on PATH; set PYSPARK_PYTHON to PySpark's interpreter" >&2
    exit 1
}

as_root=()
if [[ $EUID -ne 0 ]]; then
    as_root=(sudo)
fi

if ! "$python" -m pip --version >/dev/null 2>&1; then
    "${as_root[@]}" "$python" -m ensurepip --upgrade
fi

# Without an index pip succeeds only if everything is installed already, and then it needs no network.
if "$python" -m pip install --no-index --quiet "${packages[@]}" >/dev/null 2>&1; then
    echo "install_python_packages: already there for $python: ${packages[*]}"
    exit 0
fi

# A node has no compiler for source packages, and one that cannot get a wheel must fail here and not in a job.
"${as_root[@]}" "$python" -m pip install --only-binary=:all: --retries 5 --disable-pip-version-check "${packages[@]}"
echo "install_python_packages: installed for $python: ${packages[*]}"
