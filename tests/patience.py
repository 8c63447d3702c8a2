"""How long the tests wait for what should happen: long, since a wait is only there to end what hangs.

No test passes or fails by how fast a machine is. A tenth of the speed of a laptop must do.
"""

HANG_SECONDS = 1800
"""After so long without an answer, a subprocess, a server or a kernel is taken to hang."""

PAGE_SECONDS = 300
"""After so long without what is expected, a page in the browser is taken to have failed.

Where a test passes, nothing waits so long; where it fails, this is how much later one knows.
"""
