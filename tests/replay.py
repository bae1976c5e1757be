#!/usr/bin/env python3
"""An independent truth for the simulator, in whole numbers alone.

    replay.py make SEED DIR    writes a random scenario and its table
    replay.py check SEED DIR   replays DIR/attempts.csv, one row an attempt

What is checked:
  - nobody is let through beyond what the limits allow, and nobody is refused
    who fits: exactly, without a nanosecond of tolerance;
  - for a client that knows the limits and has no cap: no organisation is idle
    while the request at the head of the queue fits it, but for one nanosecond:
    the client rounds up the instants at which it wakes.
"""
import csv
import json
import random
import sys

SECOND = 10**9
LATE = 1  # ns
WINDOWS = {"rpm": 60 * SECOND, "tpm": 60 * SECOND,
           "rpd": 86400 * SECOND, "tpd": 86400 * SECOND}


class Bucket:
    """Units are 1 / window of a request or token: whole at every instant."""

    def __init__(self, limit, window, burst, per_token):
        self.limit, self.window, self.per_token = limit, window, per_token
        self.most = max(1, min(limit, int(limit * burst))) * window
        self.level, self.at = self.most, 0

    def cost(self, tokens):
        return (tokens if self.per_token else 1) * self.window

    def move(self, now):
        self.level = min(self.most, self.level + self.limit * (now - self.at))
        self.at = now

    def fits_at(self, tokens):
        """The first instant, from the last one on; None: never."""
        missing = self.cost(tokens) - self.level
        if self.cost(tokens) > self.most:
            return None
        return self.at + max(0, -(-missing // self.limit))


class Organisation:
    def __init__(self, limits, burst):
        self.buckets = [Bucket(n, WINDOWS[name], burst, name[0] == "t")
                        for name, n in limits.items() if n is not None]

    def move(self, now):
        for b in self.buckets:
            b.move(now)

    def fits_at(self, tokens):
        times = [b.fits_at(tokens) for b in self.buckets]
        return None if None in times else max(times, default=0)

    def take(self, tokens):
        for b in self.buckets:
            b.level -= b.cost(tokens)
        return all(b.level >= 0 for b in self.buckets)


def plan(seed):
    """The random scenario of a seed: all that both commands must know."""
    r = random.Random(seed)
    blind = seed % 3 == 2
    tiers = {}
    for tier in ("tier1", "tier2", "tier3"):
        tiers[tier] = {"rpm": r.choice([7, 20, 60, 500]),
                       "rpd": r.choice([None, None, 300, 10000]),
                       "tpm": r.choice([None, 9000, 20011, 100000]),
                       "tpd": r.choice([None, None, 500000])}
    names = [(f"o{i}", r.choice(list(tiers))) for i in range(r.randint(1, 5))]
    size = r.choice([200, 700])
    room = sum(min(t["rpm"], (t["tpm"] or 10**9) / (size + 100))
               for t in (tiers[tier] for _, tier in names))
    return {
        "blind": blind, "tiers": tiers, "names": names, "size": size,
        "burst": r.choice([1, 0.5, 0.3]),
        "rate": max(1, round(room * r.uniform(0.5, 1.6))),
        "arrivals": r.choice(["poisson", "gamma", "batch"]),
        "sizes": r.choice(["equal", "lognormal"]),
        "strategy": r.choice(["headroom", "earliest"]),
    }


def make(seed, folder):
    p = plan(seed)
    lines = ["@as_of 2026-01", "@source made up by the test"]
    for tier, limits in p["tiers"].items():
        row = ["m", tier, "-"] + ["-" if limits[k] is None else str(limits[k])
                             for k in ("rpm", "rpd", "tpm", "tpd")]
        lines.append("\t".join(row + ["-", "-", "-"]))
    with open(f"{folder}/table.tsv", "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    rate = f"{p['rate']}/m"
    arrivals = {"poisson": {"poisson": rate},
                "gamma": {"gamma": {"rate": rate, "cv": 4}},
                "batch": {"batch": 8 * p["rate"]}}[p["arrivals"]]
    sizes = {"equal": p["size"],
             "lognormal": {"lognormal": {"p50": p["size"],
                                         "p95": 3 * p["size"]}}}[p["sizes"]]
    scenario = {
        "seed": seed, "duration": "12m", "drain": True,
        "provider": {
            "table": f"{folder}/table.tsv", "burst": p["burst"],
            "organisations": [{"name": n, "tier": t} for n, t in p["names"]],
            "latency": {"lognormal": {"p50": "1500ms", "p95": "7s"}}},
        "client": {"strategy": p["strategy"],
                   "limits": "none" if p["blind"] else "known"},
        "workload": {"model": "m", "arrivals": arrivals, "max_tokens": 100,
                     "prompt_tokens": sizes}}
    with open(f"{folder}/scenario.json", "w", encoding="utf-8") as f:
        json.dump(scenario, f)


def read(folder):
    with open(f"{folder}/attempts.csv", encoding="utf-8", newline="") as f:
        rows = [{k: (v if k in ("organisation", "limit") else int(v))
                 for k, v in row.items() if k != "model"}
                for row in csv.DictReader(f)]
    # What is let through at an instant comes before what is not: whoever did
    # not fit does not fit a fuller window either.
    rows.sort(key=lambda r: (r["sent_ns"], r["status"] != 200, r["request"]))
    return rows


def replay(p, rows):
    """Yields what is wrong."""
    organisations = {n: Organisation(p["tiers"][t], p["burst"])
                     for n, t in p["names"]}
    queue = sorted({(r["arrival_ns"], r["request"]) for r in rows})
    sent, head, free_from = set(), 0, 0
    for r in rows:
        where, now = organisations[r["organisation"]], r["sent_ns"]
        while head < len(queue) and queue[head][1] in sent:
            head += 1
        if not p["blind"] and queue[head] == (r["arrival_ns"], r["request"]):
            # At the head since it came, or since the one before it went.
            since = max(r["arrival_ns"], free_from)
            for name, o in organisations.items():
                fits = o.fits_at(r["estimate"])
                if fits is not None and max(since, fits) < now - LATE:
                    yield (f"request {r['request']} went at {now}, but fitted "
                           f"{name} at {max(since, fits)}")
        sent.add(r["request"])
        free_from = now
        where.move(now)
        if r["status"] == 200:
            if not where.take(r["estimate"]):
                yield f"{r['organisation']} let too much through at {now}"
        elif r["status"] == 429:
            if where.fits_at(r["estimate"]) == now:
                yield f"request {r['request']} was refused at {now}, but fits"
        else:
            yield f"request {r['request']} ended with {r['status']}"


def check(seed, folder):
    p, rows = plan(seed), read(folder)
    wrong = list(replay(p, rows))
    waited = sum(r["sent_ns"] > r["arrival_ns"] for r in rows)
    refused = sum(r["status"] == 429 for r in rows)
    print(f"seed {seed}: {len(p['names'])} organisations, {p['strategy']}, "
          f"{p['arrivals']}, {p['sizes']}, burst {p['burst']}: {len(rows)} "
          f"attempts, {waited} waited, {refused} refused, {len(wrong)} wrong")
    for line in wrong[:5]:
        print("  " + line)
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("make", "check"):
        sys.exit(__doc__)
    command = make if sys.argv[1] == "make" else check
    sys.exit(command(int(sys.argv[2]), sys.argv[3]))
