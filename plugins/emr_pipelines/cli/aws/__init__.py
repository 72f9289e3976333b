"""Verbs that ask AWS, or an emr_local: reach a cluster, terminate expired ones, delete garbage, prices."""
