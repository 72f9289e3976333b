#!/usr/bin/env python3
import sys

sys.stdout.writelines(sys.stdin)
