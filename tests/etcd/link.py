#!/usr/bin/env python3
"""A link between a host and an etcd member that can be slow, and that can lose or change what belongs to a transaction.

    link.py HOST:PORT DELAY_MILLISECONDS     prints the HOST:PORT that it listens on, "loses WHAT" once it does, and "lost" for each loss

The delay is that of each direction. From SIGUSR1 on the answers to transactions are lost, from SIGHUP on the transactions themselves; from
SIGUSR2 on nothing is, and connections that lost something are closed. From SIGALRM on transactions are let through, and answered as etcd does when
its quota was used up meanwhile.
"""

import asyncio
import signal
import sys

from hpack import Decoder, Encoder

TRANSACTION = "/etcdserverpb.KV/Txn"
NO_SPACE = [("grpc-status", "8"), ("grpc-message", "etcdserver: mvcc: database space exceeded")]

# HTTP/2 (RFC 9113)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS = 0, 1
END_STREAM, PRIORITY = 0x1, 0x20

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


class Frame:
    def __init__(self, head, payload):
        self.kind, self.flags = head[3], head[4]
        self.stream = int.from_bytes(head[5:9], "big")
        self.payload = payload

    def __bytes__(self):
        head = len(self.payload).to_bytes(3, "big") + bytes([self.kind, self.flags]) + self.stream.to_bytes(4, "big")
        return head + self.payload


class Frames:
    """Cuts what comes into frames."""

    def __init__(self):
        self.left = b""

    def take(self, data):
        self.left += data
        while len(self.left) >= 9:
            size = int.from_bytes(self.left[:3], "big")
            if len(self.left) < 9 + size:
                return
            frame = Frame(self.left[:9], self.left[9 : 9 + size])
            self.left = self.left[9 + size :]
            yield frame


class Connection:
    """What is passed on of one connection."""

    def __init__(self, client_writer):
        self.client_writer = client_writer
        self.requests, self.answers = Frames(), Frames()
        self.preface = b""
        self.request_headers = Decoder()
        self.answer_headers, self.changed_headers = Decoder(), Encoder()
        self.denied = set()  # streams

    def is_broken(self):
        return self.client_writer in broken

    def pass_request(self, data):
        passed = b""
        if len(self.preface) < len(PREFACE):
            missing = len(PREFACE) - len(self.preface)
            self.preface += data[:missing]
            passed, data = data[:missing], data[missing:]
        for frame in self.requests.take(data):
            if frame.kind == HEADERS:
                self.see_request(frame)
            if not (losing == "requests" and self.is_broken()):
                passed += bytes(frame)
        return passed

    def see_request(self, frame):
        block = frame.payload[5:] if frame.flags & PRIORITY else frame.payload
        if dict(self.request_headers.decode(block))[":path"] != TRANSACTION:
            return
        if losing in ("answers", "requests"):
            broken.add(self.client_writer)
            print("lost", flush=True)
        if losing == "space":
            self.denied.add(frame.stream)

    def pass_answer(self, data):
        passed = b""
        for frame in self.answers.take(data):
            is_denied = frame.stream in self.denied
            if frame.kind == HEADERS:  # whatever is changed, tables of both sides stay the same
                headers = self.answer_headers.decode(frame.payload)
                is_end = frame.flags & END_STREAM
                frame.payload = self.changed_headers.encode(NO_SPACE if is_denied and is_end else headers)
            if not (is_denied and frame.kind == DATA):
                passed += bytes(frame)
        return b"" if self.is_broken() else passed


async def serve(client_reader, client_writer, target, delay):
    server_reader, server_writer = await asyncio.open_connection(*target)
    connection = Connection(client_writer)
    await asyncio.gather(
        pump(client_reader, server_writer, delay, connection.pass_request),
        pump(server_reader, client_writer, delay, connection.pass_answer),
    )
    broken.discard(client_writer)


def lose(what):
    global losing
    losing = what
    print(f"loses {what or 'nothing'}", flush=True)
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
