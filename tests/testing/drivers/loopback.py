"""Calls between programs of this machine."""
import errno
import pathlib
import random
import socket
import urllib.request

# No proxy leads here.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def open_url(request, timeout=90):
    """As urllib's urlopen, whatever proxy is set."""
    return _DIRECT.open(request, timeout=timeout)


def free_port():
    """One where nobody listens, of either family. The kernel gives it to nobody who does not ask for this very one."""
    first_it_gives = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = random.randrange(10_000, first_it_gives)
        if _is_free(socket.AF_INET, "127.0.0.1", port) and _is_free(socket.AF_INET6, "::1", port):
            return port


def _is_free(family, host, port):
    try:
        with socket.socket(family) as probe:
            probe.bind((host, port))
        return True
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # a machine without this family has them all free
