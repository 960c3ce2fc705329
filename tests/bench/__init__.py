"""Benchmarks: `python -m tests.bench [name …] [--rows N]` prints a table of ratios.

Only the ratio of two things measured in turn in one run means anything: machines are noisy and differ. They
run in one process without a web server, on SQLite, or on PostgreSQL where TEST_DATABASE_URL names one.
"""
