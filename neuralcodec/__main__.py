"""`python -m neuralcodec`"""

import sys

from neuralcodec.cli.main import main

sys.exit(main())
