#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 43-others: PixelMed (Java) and dcmjs-dimse (Node) as servers, with every client.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/programs.sh
. "$(dirname "$0")/programs.sh"

all_clients pixelmed node
finish
