# launcher
bin_PROGRAMS += dicomtls
dicomtls_SOURCES = \
	launcher/attempt.c launcher/attempt.h \
	launcher/child.c launcher/child.h \
	launcher/command.h \
	launcher/doctor.c launcher/doctor.h \
	launcher/doctor_host.c launcher/doctor_ports.c \
	launcher/doctor_program.c launcher/doctor_settings.c \
	launcher/elf.c launcher/elf.h \
	launcher/env.c \
	launcher/explain.c launcher/explain.h \
	launcher/main.c \
	launcher/options.c launcher/options.h \
	launcher/preload.c launcher/preload.h \
	launcher/probe.c \
	launcher/run.c \
	launcher/systemd.c \
	launcher/target.c launcher/target.h \
	launcher/unit.c launcher/unit.h
dicomtls_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS) $(INIH_CFLAGS)
dicomtls_LDADD = libcert.la libpolicy.la libbase.la $(OPENSSL_LIBS) $(INIH_LIBS)
