#!/bin/sh
python3 --version
