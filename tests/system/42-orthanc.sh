#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 42-orthanc: Orthanc's server, many threads, with every client.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/programs.sh
. "$(dirname "$0")/programs.sh"

all_clients orthanc
finish
