#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sslpeer: Python's own TLS, as a server that echoes or as a client.

usage: sslpeer.py serve KEY CERT PORT
       sslpeer.py send CERT PORT BYTES
"""
import os
import socket
import ssl
import sys
import threading


def echo(conn):
    with conn:
        while chunk := conn.recv(65536):
            conn.sendall(chunk)


def serve(key, cert, port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        while True:
            conn, _ = listener.accept()
            try:
                conn = context.wrap_socket(conn, server_side=True)
            except OSError as e:
                print(f"refused: {e}", flush=True)
                conn.close()
                continue
            threading.Thread(target=echo, args=(conn,), daemon=True).start()


def send(cert, port, size):
    context = ssl.create_default_context(cafile=cert)
    data = os.urandom(int(size))
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as conn:
            writer = threading.Thread(target=conn.sendall, args=(data,))
            writer.start()
            got = b""
            while len(got) < len(data) and (chunk := conn.recv(65536)):
                got += chunk
            writer.join()
            print(conn.version())
    if got != data:
        sys.exit("other bytes came back")
    print(f"{len(data)} bytes equal")


if __name__ == "__main__":
    {"serve": serve, "send": send}[sys.argv[1]](*sys.argv[2:])
