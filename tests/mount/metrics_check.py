#!/usr/bin/env python3
"""metrics_check.py FILE: reads the metrics with Prometheus' own parser, and prints one line a sample: name, labels, value."""
import sys

from prometheus_client.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8") as file:
    families = list(text_string_to_metric_families(file.read()))

names = set()
for family in families:
    assert family.type != "untyped" and family.type != "unknown", f"{family.name} has no type"
    assert family.documentation, f"{family.name} has no help"
    assert family.name not in names, f"{family.name} comes twice"
    names.add(family.name)
    buckets = []
    for sample in family.samples:
        assert sample.name.startswith(family.name), f"{sample.name} is in the family {family.name}"
        if sample.name.endswith("_bucket"):
            buckets.append((float(sample.labels["le"]), sample.value))
        if sample.name.endswith("_count") and family.type == "histogram":
            assert buckets[-1] == (float("inf"), sample.value), f"{family.name}: the last bucket is not the count"
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        print(sample.name, labels or "-", sample.value)
    assert buckets == sorted(buckets), f"{family.name}: buckets are not cumulative"
