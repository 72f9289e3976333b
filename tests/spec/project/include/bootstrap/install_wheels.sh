#!/bin/bash
# pip3 install in a comment is none
set -e
sudo pip3 install --upgrade wordcloud
python3.11 -m pip install numpy
sudo /usr/bin/python3 -m pip --quiet install pandas
"$PYTHON" -m pip install scipy
