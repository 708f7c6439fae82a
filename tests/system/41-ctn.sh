#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 41-ctn: CTN's server, select and fork, with every client.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/programs.sh
. "$(dirname "$0")/programs.sh"

all_clients simple_storage simple_storage_fork
finish
