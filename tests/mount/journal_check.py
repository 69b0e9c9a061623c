#!/usr/bin/env python3
"""Recomputes a status file's chain from its journal, with nothing of statusfs: the contract's section 6 and 7 only.

journal_check.py STATUS_FILE [POINTER...]

Fails with a message at the first thing that is not as the contract says. Prints one compact JSON line for each version
that changed what stands at one of the POINTERs: {"v": ..., "pointer": ..., "value": ...}.
"""
import copy
import glob
import gzip
import hashlib
import json
import sys

MARK = b',"record_hash":'


class Broken(Exception):
    pass


def require(condition, message):
    if not condition:
        raise Broken(message)


def canonical(value):
    """RFC 8785 for what status files hold here: integers, text, no fractions."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    require(not isinstance(value, float), "this check knows no fractions")
    return json.dumps(value, ensure_ascii=False)


def sha256(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def signature(task):
    return sha256(canonical({key: value for key, value in task.items() if key != "signature_hash"}))


def payload_hash(payload):
    hashed = {key: value for key, value in payload.items() if key != "payload_hash_current"}
    hashed["tasks_status"] = [task["signature_hash"] for task in payload["tasks_status"]]
    return sha256(canonical(hashed))


def steps(pointer):
    require(pointer == "" or pointer.startswith("/"), "bad pointer " + pointer)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def child(value, step):
    return value[int(step)] if isinstance(value, list) else value[step]


def at(document, pointer):
    for step in steps(pointer):
        document = child(document, step)
    return document


def insert(document, pointer, value):
    if pointer == "":
        return copy.deepcopy(value)
    *way, last = steps(pointer)
    parent = document
    for step in way:
        parent = child(parent, step)
    if isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else int(last), copy.deepcopy(value))
    else:
        parent[last] = copy.deepcopy(value)
    return document


def remove(document, pointer):
    *way, last = steps(pointer)
    parent = document
    for step in way:
        parent = child(parent, step)
    del parent[int(last) if isinstance(parent, list) else last]


def apply(document, patch):
    for change in patch:
        operation, path = change["op"], change["path"]
        if operation == "add":
            document = insert(document, path, change["value"])
        elif operation == "replace":
            if path != "":
                at(document, path)  # what is replaced must exist
                remove(document, path)
            document = insert(document, path, change["value"])
        elif operation == "remove":
            remove(document, path)
        elif operation in ("move", "copy"):
            value = copy.deepcopy(at(document, change["from"]))
            if operation == "move":
                remove(document, change["from"])
            document = insert(document, path, value)
        elif operation == "test":
            require(at(document, path) == change["value"], "a test in the journal does not hold")
        else:
            raise Broken("unknown operation " + operation)
    return document


def check_record(number, line, record, previous):
    head, found, _ = line.rpartition(MARK)
    require(found and line.endswith(b"}"), f"line {number}: record_hash is not the last member")
    computed = hashlib.sha256(head).hexdigest()
    require(record["record_hash"] == computed, f"line {number}: record_hash")
    expected = previous["record_hash"] if previous else None
    require(record["record_previous"] == expected, f"line {number}: record_previous")
    if record["op"] == "rotate":
        return
    compact = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    require(line == compact, f"line {number}: not compact JSON")
    for member in ("v", "g", "time", "op", "path", "persona", "archetype", "uid", "pid", "trace_id", "patch", "size",
                   "payload_hash_previous", "payload_hash_current"):
        require(member in record, f"line {number}: no member {member}")
    if previous:
        require(record["v"] == previous["v"] + 1, f"line {number}: v")
        require(record["g"] > previous["g"], f"line {number}: g")
        require(record["payload_hash_previous"] == previous["payload_hash_current"], f"line {number}: payload chain")


def check_rotation(number, record, previous, document):
    """The first line of a journal that goes on where a closed one ended: the same version once more, whole."""
    patch = record["patch"]
    require(len(patch) == 1 and patch[0]["op"] == "add" and patch[0]["path"] == "", f"line {number}: not the whole document")
    require(patch[0]["value"] == document, f"line {number}: not the document that the closed journal ended with")
    for member in ("v", "g", "size", "payload_hash_previous", "payload_hash_current"):
        require(record[member] == previous[member], f"line {number}: {member} is not that of the closed journal's end")


def journal_lines(status_file):
    """All lines of the chain: the closed journals in order, then the live one."""
    def versions(path):
        first, last = path.rsplit("/", 1)[1].split(".")[0].split("-")
        return int(first), int(last)
    with open(status_file + ".journal", "rb") as journal:
        text = journal.read()
    require(text.endswith(b"\n"), "the journal's last line is torn")
    live = text.splitlines()
    lines = []
    for closed in sorted(glob.glob(status_file + ".journal.d/*.jsonl.gz"), key=versions):
        with gzip.open(closed, "rb") as file:
            found = file.read().splitlines()
        # Closed by a mount that died before it began the next journal: the live one is still the one that was closed.
        if found[0] != live[0]:
            lines += found
    return lines + live


def check_version(number, record, document):
    payload = document["payload"]
    for task in payload["tasks_status"]:
        require(task["signature_hash"] == signature(task), f"line {number}: signature of {task['task_id_ref']}")
    require(payload["payload_hash_current"] == payload_hash(payload), f"line {number}: payload_hash_current")
    require(payload["payload_hash_current"] == record["payload_hash_current"], f"line {number}: hash in the record")
    require(payload["payload_hash_previous"] == record["payload_hash_previous"], f"line {number}: previous hash")
    require(document["os_file_header"]["v_file_instance"] == record["v"], f"line {number}: v_file_instance")
    require(payload["g_last_update"] == record["g"], f"line {number}: g_last_update")
    require(document["os_file_header"]["g_file_last_modified"] == record["g"], f"line {number}: g_file_last_modified")


def report_changes(record, document, pointers, shown):
    for pointer in pointers:
        value = at(document, pointer)
        if pointer in shown and shown[pointer] == value:
            continue
        shown[pointer] = copy.deepcopy(value)
        print(json.dumps({"v": record["v"], "pointer": pointer, "value": value}, separators=(",", ":")))


def main(status_file, pointers):
    document, previous, shown = None, None, {}
    for number, line in enumerate(journal_lines(status_file), 1):
        record = json.loads(line)
        check_record(number, line, record, previous)
        if previous is not None and record["op"] == "rotate":
            check_rotation(number, record, previous, document)
            previous = record
            continue
        if previous is None:
            patch = record["patch"]
            require(len(patch) == 1 and patch[0]["op"] == "add" and patch[0]["path"] == "",
                    "the first record does not hold the whole document")
        document = apply(document, record["patch"])
        check_version(number, record, document)
        report_changes(record, document, pointers, shown)
        previous = record
    require(previous is not None, "the journal is empty")
    with open(status_file, "rb") as file:
        on_disk = file.read()
    require(json.loads(on_disk) == document, "the JSON is not the journal's head")
    rendered = json.dumps(json.loads(on_disk), ensure_ascii=False, indent=2) + "\n"
    require(len(on_disk) == previous["size"], "size in the last record is not the JSON's")
    require(on_disk == rendered.encode(), "the JSON is not indented by two spaces with a newline at its end")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except (Broken, LookupError, ValueError, TypeError) as failure:
        sys.exit(f"{sys.argv[1]}: {type(failure).__name__}: {failure}")
