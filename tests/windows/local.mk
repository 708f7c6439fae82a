# SPDX-License-Identifier: Apache-2.0
# Tests of what was built for Windows, under Wine.
