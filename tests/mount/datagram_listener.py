#!/usr/bin/env python3
"""Listens where systemd or its journal would: every datagram is appended to a file, with an empty line behind it.

usage: datagram_listener.py SOCKET FILE
"""
import os
import socket
import sys

path, file = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
os.chmod(path, 0o666)
with open(file, "ab", buffering=0) as out:
    while True:
        out.write(listener.recv(1 << 16) + b"\n\n")
