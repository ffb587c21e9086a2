"""The environment of what a driver starts."""
import os
import re

# Who runs a test may have an account, a broker and a proxy of their own.
FOREIGN = re.compile(r"(AWS|TOKENBROKER)_.*|.*_proxy", re.IGNORECASE)


def clean_environment(given=None):
    """This one without what would tell an AWS client, a broker or tokenctl where to go or who they are; and what is given."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.fullmatch(name)}
    return kept | (given or {})
