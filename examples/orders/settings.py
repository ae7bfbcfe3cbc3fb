"""What differs between places where the shop runs."""

import os
from datetime import timedelta

DAY = timedelta(seconds=float(os.environ.get("SECONDS_PER_DAY", "86400")))
