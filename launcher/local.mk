# launcher
LADDER_SOURCES = \
	launcher/ladder.c launcher/ladder.h launcher/ladder_now.h \
	launcher/ladder_dicom.c launcher/ladder_tls.c \
	launcher/ladder_read.c \
	launcher/ladder_svg.c launcher/ladder_text.c \
	launcher/tool.c launcher/tool.h
bin_PROGRAMS += dicomtls
dicomtls_SOURCES = \
	launcher/attempt.c launcher/attempt.h \
	launcher/become.h \
	launcher/command.h \
	launcher/explain.c launcher/explain.h \
	launcher/main.c \
	launcher/options.c launcher/options.h \
	launcher/probe.c \
	launcher/run.c launcher/run.h
if WINDOWS
dicomtls_SOURCES += \
	launcher/become_win32.c \
	launcher/capture_win32.c \
	launcher/commands_win32.c \
	launcher/doctor_win32.c \
	launcher/env_win32.c \
	launcher/image_win32.c launcher/image_win32.h \
	launcher/systemd_win32.c \
	shim/win32/inject.c shim/win32/inject.h \
	shim/win32/posix/start.c
else
dicomtls_SOURCES += \
	launcher/become_linux.c \
	launcher/capture.c launcher/capture.h launcher/capture_tell.c \
	launcher/child.c launcher/child.h \
	launcher/commands_linux.c \
	launcher/doctor.c launcher/doctor.h \
	launcher/doctor_host.c launcher/doctor_ports.c \
	launcher/doctor_program.c launcher/doctor_settings.c \
	launcher/elf.c launcher/elf.h \
	launcher/env.c \
	$(LADDER_SOURCES) \
	launcher/outfile.c launcher/outfile.h \
	launcher/preload.c launcher/preload.h \
	launcher/record.c launcher/record.h \
	launcher/systemd.c \
	launcher/target.c launcher/target.h \
	launcher/unit.c launcher/unit.h \
	launcher/watch.c launcher/watch.h \
	launcher/workdir.c launcher/workdir.h
endif
dicomtls_CPPFLAGS = $(AM_CPPFLAGS) $(TOOL_DEFINES)
dicomtls_LDFLAGS = $(AM_LDFLAGS) $(TOOL_LINKING)
dicomtls_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(INIH_CFLAGS)
dicomtls_LDADD = libcert.la libpolicy.la libbase.la $(OPENSSL_LIBS) $(INIH_LIBS)
dist_man_MANS += man/dicomtls.1 man/dicomtls.7
