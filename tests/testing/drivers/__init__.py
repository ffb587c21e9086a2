"""What the drivers share that try the real binaries from outside.

A driver finds it with `sys.path.append(".../tests/testing")`. It needs Python alone; what it installs goes into a folder that
is kept between runs (packages.py).
"""
