/* SPDX-License-Identifier: Apache-2.0
 * start: main() of a tool gets its words in UTF-8, and sockets that work. */
#include <winsock2.h>
#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>

#include "win32/posix/text.h"

int main(int argc, char **argv);
int wmain(int argc, wchar_t **wide);

int
wmain(int argc, wchar_t **wide)
{
	char **argv = calloc((size_t)argc + 1, sizeof *argv);
	WSADATA data;
	int i;

	for (i = 0; argv != NULL && i < argc; i++) {
		argv[i] = text_utf8(wide[i]);
		if (argv[i] == NULL)
			return 2;
	}
	if (argv == NULL || WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return 2;
	/* PEM and DER go out as they are. */
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stdin), _O_BINARY);
	SetConsoleOutputCP(CP_UTF8);
	return main(argc, argv);
}
