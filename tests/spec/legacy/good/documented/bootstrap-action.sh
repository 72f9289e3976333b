#!/bin/bash
set -e
sudo python3 -m pip install wordcloud==1.9.6
