#!/usr/bin/env python3
"""A link between a host and an etcd member that can be slow, and that can lose or change what belongs to a transaction.

    link.py HOST:PORT DELAY_MILLISECONDS     prints the HOST:PORT that it listens on

The delay is that of each direction. From SIGUSR1 on the answers to transactions are lost, from SIGHUP on the transactions themselves; from
SIGUSR2 on nothing is, and connections that lost something are closed. From SIGALRM on transactions are let through, and answered as etcd does when
its quota was used up meanwhile.
"""

import asyncio
import signal
import sys

TRANSACTION = b"/v3/kv/txn"
ERROR = b'{"error":"etcdserver: mvcc: database space exceeded","code":8}'
NO_SPACE = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(ERROR), ERROR)
)
losing = None  # None, "answers", "requests" or "space"
broken = set()  # writers of connections that lost something


async def later(delay, chunks, writer):
    while (item := await chunks.get()) is not None:
        due, data = item
        await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
        writer.write(data)
        await writer.drain()
    writer.close()


async def pump(reader, writer, delay, passed_on):
    chunks = asyncio.Queue()
    sender = asyncio.create_task(later(delay, chunks, writer))
    try:
        while data := await reader.read(1 << 16):
            if data := passed_on(data):
                chunks.put_nowait((asyncio.get_running_loop().time() + delay, data))
    except ConnectionError:
        pass
    chunks.put_nowait(None)
    try:
        await sender
    except ConnectionError:
        pass


async def serve(client_reader, client_writer, target, delay):
    server_reader, server_writer = await asyncio.open_connection(*target)

    is_denied = False

    def request_passed_on(data):
        nonlocal is_denied
        is_denied = losing == "space" and TRANSACTION in data
        if losing in ("answers", "requests") and TRANSACTION in data:
            broken.add(client_writer)
        return None if losing == "requests" and client_writer in broken else data

    def answer_passed_on(data):
        if client_writer in broken:
            return None
        return NO_SPACE if is_denied else data

    await asyncio.gather(
        pump(client_reader, server_writer, delay, request_passed_on),
        pump(server_reader, client_writer, delay, answer_passed_on),
    )
    broken.discard(client_writer)


def lose(what):
    global losing
    losing = what
    if what is None:
        for writer in broken:
            writer.close()


async def main():
    host, port = sys.argv[1].split(":")
    delay = int(sys.argv[2]) / 1000
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lose, "answers")
    loop.add_signal_handler(signal.SIGHUP, lose, "requests")
    loop.add_signal_handler(signal.SIGALRM, lose, "space")
    loop.add_signal_handler(signal.SIGUSR2, lose, None)
    server = await asyncio.start_server(lambda r, w: serve(r, w, (host, int(port)), delay), host, 0)
    print(f"{host}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
