#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 40-dcmtk: DCMTK's servers, with every client.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/programs.sh
. "$(dirname "$0")/programs.sh"

all_clients storescp storescp_fork dcmrecv dcmqrscp
finish
