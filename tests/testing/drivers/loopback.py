"""Calls between programs of this machine."""
import socket
import urllib.request

# No proxy leads here.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def open_url(request, timeout=90):
    """As urllib's urlopen, whatever proxy is set."""
    return _DIRECT.open(request, timeout=timeout)


def free_port():
    """One where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
