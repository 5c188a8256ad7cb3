"""Fuzz the parsers, one process for each target: ``make fuzz``, or ``python tests/fuzz/run.py --seconds 600``.

Needs Atheris. Two targets run at a time and share the seconds. An input that breaks one is written to
``tests/fuzz/seeds/TARGET`` and named; keep it with the repair, and every later run of the tests tries it again.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
AT_A_TIME = 2


def main() -> int:
    """Run all targets and say what each did; 1 if any broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=660, help="of all targets together")
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    stated = parser.parse_args()
    if stated.target is not None:
        fuzz(stated.target, stated.rest)
        return 0
    from targets import TARGETS

    each_s = max(1, stated.seconds * AT_A_TIME // len(TARGETS))
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        broke = list(pool.map(lambda name: watch(name, each_s), TARGETS))
    return int(any(broke))


def watch(name: str, seconds: int) -> bool:
    """Run one target in a process of its own; whether it broke."""
    from targets import beginnings

    seeds = HERE / "seeds" / name
    seeds.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, content in enumerate(beginnings(ROOT / "tests" / "data")[name]):
            (Path(corpus) / str(number)).write_bytes(content)
        started = time.monotonic()
        options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=2500"]
        command = [sys.executable, str(HERE / "run.py"), "--target", name, "--", corpus, str(seeds)]
        done = subprocess.run(
            [*command, *options, f"-artifact_prefix={seeds}/"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    log = done.stderr.splitlines()
    runs = next((line for line in reversed(log) if line.startswith("Done ")), "")
    print(f"{name}: {time.monotonic() - started:.0f} s, {runs or 'stopped early'}", flush=True)
    if done.returncode:
        print("\n".join(log[-60:]), flush=True)
    return done.returncode != 0


def fuzz(name: str, arguments: list[str]) -> None:
    """Inside the process: instrument our parsers and hand them over to the fuzzer."""
    import atheris

    with atheris.instrument_imports(include=["registry.sources"]):
        from targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
