# tierlab: see README.md.  Everything that is made goes to $(BUILD).

VERSION = 0.1.0
BUILD   = build
OPT     = -O3
SAN     =
CC      = cc
PREFIX  = /usr/local
FUZZ_CC = clang
FUZZ_SECS = 60
STUDY_HOURS = 500
STUDY_SEEDS = 10000
STUDY_PAIRS = 2000
STUDY_LOCKSTEP = 1000
STUDY_PLANS = 100

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
       -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
       -Wvla -Wconversion -Wundef -Wswitch-enum
ifdef WERROR
WARN += -Werror
endif

# Evaluated here, once: what `make deps` installs is seen by the next make.
PKG = $(shell pkg-config $(1) 2>/dev/null)
CJSON_CFLAGS := $(call PKG,--cflags libcjson)
CJSON_LIBS   := $(call PKG,--libs libcjson)
CURL_CFLAGS  := $(call PKG,--cflags libcurl)
CURL_LIBS    := $(call PKG,--libs libcurl)
CUNIT_CFLAGS := $(call PKG,--cflags cunit)
CUNIT_LIBS   := $(call PKG,--libs cunit)

# -ffp-contract=off: the same bytes for the same seed, whatever the compiler.
# -fno-math-errno: sqrt is an instruction, which IEEE 754 rounds in one way.
BASE_CFLAGS = -std=c11 -I. -I$(BUILD) -ffp-contract=off -fno-math-errno \
              $(OPT) -g $(WARN) $(SAN)
ALL_CFLAGS  = $(BASE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(SAN) $(LDFLAGS)

# Folders, from the bottom up: each may use those before it.
limiter_SRC    = $(wildcard limiter/*.c limiter/*/*.c)
sim_SRC        = $(wildcard sim/*.c)
mockserver_SRC = $(filter-out mockserver/main.c,$(wildcard mockserver/*.c))
bench_SRC      = $(filter-out bench/main.c,$(wildcard bench/*.c))
test_SRC       = $(filter-out tests/fuzz_%.c tests/bench_%.c tests/example_%.c \
                 tests/parse_%.c tests/hostile%.c tests/lockstep%.c \
                 tests/plan_study.c,\
                 $(wildcard tests/*.c))
hostile_SRC    = $(wildcard tests/hostile*.c)
suites         = $(patsubst tests/test_%.c,%,$(filter tests/test_%,$(test_SRC)))
fuzzers        = $(patsubst tests/fuzz_%.c,%,$(wildcard tests/fuzz_*.c))

# Files that are built into the programs, as strings.
limiter_TEXT    = $(wildcard limiter/tables/*.tsv)
mockserver_TEXT = mockserver/page.html
bench_TEXT      = $(wildcard bench/figures/*.gp bench/*.html bench/*.css) \
                  bench/presets.json

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
txt = $(patsubst %,$(BUILD)/%.text.o,$(1))

limiter_OBJ    = $(call obj,$(limiter_SRC)) $(call txt,$(limiter_TEXT))
sim_OBJ        = $(call obj,$(sim_SRC))
mockserver_OBJ = $(call obj,$(mockserver_SRC)) $(call txt,$(mockserver_TEXT))
bench_OBJ      = $(call obj,$(bench_SRC)) $(call txt,$(bench_TEXT))

LIB_limiter    = $(BUILD)/liblimiter.a
LIB_sim        = $(BUILD)/libsim.a
LIB_mockserver = $(BUILD)/libmockserver.a
LIB_bench      = $(BUILD)/libbench.a
ALL_LIBS       = $(LIB_bench) $(LIB_mockserver) $(LIB_sim) $(LIB_limiter)

# The shared library: before 1.0 any minor version may change what programs
# were linked with, so it is part of the name that they look for.
SONAME     = liblimiter.so.$(basename $(VERSION))
LIB_shared = $(BUILD)/liblimiter.so.$(VERSION)
pic_OBJ    = $(patsubst $(BUILD)/%,$(BUILD)/pic/%,$(limiter_OBJ))

# limiter/limiter.h names what is public; the rest stays inside.
PUBLIC := limiter/limiter.h \
          $(shell sed -n 's/^\#include "\(.*\)"/\1/p' limiter/limiter.h)

# Where a simulated request passes, a dozen small functions call each other
# across files.  gcc puts them in place when it sees the core as a whole, and
# the request takes a fifth less time; others take the archives.  In one
# partition what is called together stands together, whatever else changes.
WHOLE := $(if $(SAN),,$(shell $(CC) --version 2>/dev/null | \
         sed -n 's/.*Free Software Foundation.*/-flto=auto -flto-partition=none/p'))
CORE   = $(if $(WHOLE),$(patsubst $(BUILD)/%,$(BUILD)/whole/%, \
         $(call obj,$(limiter_SRC) $(sim_SRC))) $(call txt,$(limiter_TEXT)), \
         $(LIB_sim) $(LIB_limiter))

PROGRAMS = $(BUILD)/tierlab $(BUILD)/tierlab-mockd
# Strategies of one's own are shared objects, the other examples programs.
PLUGINS  = $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/example_strategy*.c))
EXAMPLES = $(filter-out $(PLUGINS:.so=),\
           $(patsubst %.c,$(BUILD)/%,$(wildcard tests/example_*.c)))

all: $(PROGRAMS) $(LIB_limiter) $(LIB_shared)

$(BUILD)/mockserver/%.o: ALL_CFLAGS += $(CJSON_CFLAGS)
$(BUILD)/bench/%.o: ALL_CFLAGS += $(CJSON_CFLAGS) $(CURL_CFLAGS)
$(BUILD)/tests/%.o: ALL_CFLAGS += $(CJSON_CFLAGS) $(CURL_CFLAGS) $(CUNIT_CFLAGS)
$(BUILD)/bench/main.o $(BUILD)/mockserver/daemon.o: \
	ALL_CFLAGS += -DTIERLAB_VERSION='"$(VERSION)"'

# What the objects were made with; changed flags make all of them anew
# (but -Werror changes none).
quote = '$(subst ','\'',$(1))'
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(filter-out -Werror,$(CC) $(BASE_CFLAGS) $(CFLAGS))) \
	    $(call quote,$(LDFLAGS) $(VERSION)) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/%.o: %.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Nobody takes the place of a function of ours: they may call each other.
$(BUILD)/pic/%.o: %.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -fno-semantic-interposition -MMD -MP -c -o $@ $<

$(BUILD)/whole/%.o: %.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(WHOLE) -MMD -MP -c -o $@ $<

# limiter/tables/seed.tsv becomes `const char text_limiter_tables_seed_tsv[]`
# and `const size_t text_..._size` (without the 0 at its end).
$(BUILD)/%.text.c: % Makefile
	@mkdir -p $(@D)
	@name=text_$$(printf %s $* | tr -c 'A-Za-z0-9' _); { \
	  printf '#include <stddef.h>\nextern const char %s[];\n' $$name; \
	  printf 'extern const size_t %s_size;\n' $$name; \
	  printf 'const char %s[] = {' $$name; \
	  od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g'; printf '0};\n'; \
	  printf 'const size_t %s_size = sizeof %s - 1;\n' $$name $$name; } >$@

$(BUILD)/%.text.o: $(BUILD)/%.text.c $(BUILD)/flags
	$(CC) -std=c11 $(OPT) $(SAN) -c -o $@ $<

$(BUILD)/pic/%.text.o: $(BUILD)/%.text.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 $(OPT) $(SAN) -fPIC -c -o $@ $<

# An archive is made anew when a file comes to its folders or leaves them.
# (`bench/.` is the folder, `bench` the target.)
define library
$(LIB_$(1)): $($(1)_OBJ) $(1)/. $(addsuffix .,$(sort $(dir $($(1)_SRC))))
	@rm -f $$@
	$(AR) rcs $$@ $($(1)_OBJ)
endef
$(foreach l,limiter sim mockserver bench,$(eval $(call library,$(l))))

# What the public headers declare is exported, nothing else.
$(BUILD)/pic/exports: $(LIB_limiter) $(PUBLIC)
	@mkdir -p $(@D)
	@LC_ALL=C; export LC_ALL; \
	nm -g --defined-only $(LIB_limiter) | awk '$$3 ~ /^lim_/ {print $$3}' | \
	    sort -u >$@.defined; \
	cat $(PUBLIC) | tr -cs 'A-Za-z0-9_' '\n' | sort -u | \
	    comm -12 - $@.defined | \
	    awk 'BEGIN {print "{ global:"} {print $$0 ";"} \
	         END {print "local: *; };"}' >$@

$(LIB_shared): $(pic_OBJ) $(BUILD)/pic/exports
	$(CC) $(ALL_LDFLAGS) -shared -Wl,-soname,$(SONAME) \
	    -Wl,--version-script=$(BUILD)/pic/exports -Wl,-Bsymbolic-functions \
	    $(if $(SAN),,-Wl,-z,defs) -o $@ $(pic_OBJ) -lpthread

$(BUILD)/tierlab-mockd: $(BUILD)/mockserver/main.o $(LIB_mockserver) $(LIB_sim) \
                        $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CJSON_LIBS) -lpthread -lm

$(BUILD)/tierlab: $(BUILD)/bench/main.o $(LIB_bench) $(LIB_mockserver) $(CORE)
	$(CC) $(ALL_LDFLAGS) $(OPT) $(WHOLE) -o $@ $^ $(CURL_LIBS) $(CJSON_LIBS) -lpthread -ldl -lm

# Every tests/test_NAME.c is a suite; the list of them is made here.
$(BUILD)/tests/suites.h: $(test_SRC) Makefile tests
	@mkdir -p $(@D)
	@for f in $(suites); do echo "SUITE($$f)"; done >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/tests/main.o: $(BUILD)/tests/suites.h

# tests/failmalloc.c stands between the tested code and its memory.
WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

$(BUILD)/tests/unit: $(call obj,$(test_SRC)) $(ALL_LIBS)
	$(CC) $(ALL_LDFLAGS) $(WRAP) -o $@ $^ $(CUNIT_LIBS) $(CURL_LIBS) $(CJSON_LIBS) \
	    -lpthread -ldl -lm

# No library of ours: a strategy needs its header alone.
$(BUILD)/tests/%.so: tests/%.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -fPIC -shared -o $@ $<

$(BUILD)/tests/example_%: $(BUILD)/tests/example_%.o $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lpthread

$(BUILD)/tests/parse_http: $(BUILD)/tests/parse_http.o $(LIB_mockserver)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# A client that shares nothing with the server.
$(BUILD)/tests/hostile: $(call obj,$(hostile_SRC))
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/lockstep: $(BUILD)/tests/lockstep.o \
                         $(BUILD)/tests/lockstep_draw.o $(LIB_bench) \
                         $(LIB_mockserver) $(LIB_sim) $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CURL_LIBS) $(CJSON_LIBS) -lpthread -ldl -lm

$(BUILD)/tests/plan_study: $(BUILD)/tests/plan_study.o $(LIB_bench) \
                           $(LIB_mockserver) $(LIB_sim) $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CURL_LIBS) $(CJSON_LIBS) -lpthread -ldl -lm

$(BUILD)/tests/bench_%: $(BUILD)/tests/bench_%.o $(CORE)
	$(CC) $(ALL_LDFLAGS) $(OPT) $(WHOLE) -o $@ $^ -lpthread -lm

$(BUILD)/tests/fuzz_%: $(BUILD)/tests/fuzz_%.o $(ALL_LIBS)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(CURL_LIBS) \
	    $(CJSON_LIBS) -lpthread -ldl -lm

# A make of its own for what follows an installation or wants other flags;
# with a job for each processor, unless the user said how many.
again = $(MAKE) --no-print-directory \
        $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

deps:
	@.ci/deps

demo: deps
	@+$(again) demo-built

# All of the experiment in the simulator; one replication at one cap against
# the mock server, 400 times as fast as the clock on the wall.
DEMO      = bench/scenarios/demo.json
DEMO_HTTP = --on mock --speed 400 --replications 1 \
            --set 'vary={"client.limits": ["known", "none"], \
            "client.strategy": ["round_robin", "least_in_flight", "headroom"], \
            "client.cap": [12]}'

demo-built: $(PROGRAMS)
	@rm -rf $(BUILD)/demo
	$(BUILD)/tierlab bench $(DEMO) --no-figures -o $(BUILD)/demo
	$(BUILD)/tierlab bench $(DEMO) $(DEMO_HTTP) --no-figures \
	    -o $(BUILD)/demo/http
	$(BUILD)/tierlab plot --quiet $(BUILD)/demo $(BUILD)/demo/http
	@echo 'The report is $(abspath $(BUILD)/demo/report.html)'

test: deps
	@+$(again) test-built

check: test

test-built: $(BUILD)/tests/unit $(PROGRAMS) $(EXAMPLES) $(PLUGINS) \
            $(LIB_shared) $(BUILD)/tests/hostile $(BUILD)/tests/lockstep
	@tests/run.sh $(BUILD)

# Real clients, which npm installs below $(BUILD); not part of `make test`.
test-sdk: deps
	@+$(again) test-sdk-built

test-sdk-built: $(PROGRAMS) $(BUILD)/tests/parse_http
	@tests/sdk/run.sh $(BUILD)

# `tierlab run` beside the SDK's retries and a plain loop: some five minutes.
race: deps
	@+$(again) race-built

race-built: $(PROGRAMS)
	@tests/sdk/run.sh $(BUILD) race

unit: $(BUILD)/tests/unit
	$(BUILD)/tests/unit

SAN_asan  = -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_ubsan = -fsanitize=undefined -fno-sanitize-recover=all
SAN_tsan  = -fsanitize=thread
SAN_fuzz  = $(SAN_asan) -fsanitize=fuzzer-no-link
variant   = $(again) BUILD=$(BUILD)/$@ OPT=-O1 \
            SAN="$(SAN_$@) -fno-omit-frame-pointer"

asan ubsan:
	@+$(variant) test-built

tsan:
	@+$(variant) tsan-built

tsan-built: $(BUILD)/tests/unit $(BUILD)/tests/example_blocking
	$(BUILD)/tests/unit
	$(BUILD)/tests/example_blocking 0.01

# Seeds of a fuzzer: tests/golden/fuzz_NAME/; what it learnt stays in $(BUILD).
fuzz:
	@+$(variant) CC=$(FUZZ_CC) fuzz-built

fuzz-built: $(addprefix fuzz-,$(fuzzers))

fuzz-%: $(BUILD)/tests/fuzz_%
	@mkdir -p $(BUILD)/corpus/$*
	@$< -max_total_time=$(FUZZ_SECS) -timeout=10 -verbosity=0 \
	    -print_final_stats=1 -artifact_prefix=$(BUILD)/$*- \
	    $(BUILD)/corpus/$* $(wildcard tests/golden/fuzz_$*) \
	    >$(BUILD)/$*.log 2>&1 || { cat $(BUILD)/$*.log; exit 1; }
	@awk '/number_of_executed_units/ {print "fuzz_$*: " $$2 " inputs"}' \
	    $(BUILD)/$*.log

bench: $(BUILD)/tests/bench_core $(BUILD)/tests/bench_pick \
       $(BUILD)/tests/bench_window \
       $(BUILD)/tests/bench_sim $(BUILD)/tests/bench_runs \
       $(BUILD)/tests/bench_wait $(BUILD)/tests/bench_turns $(PROGRAMS)
	@tests/bench.sh $(BUILD)

layers: $(ALL_LIBS)
	@tests/layers.sh $(BUILD)

lint:
	@.ci/lint $(CJSON_CFLAGS) $(CURL_CFLAGS) $(CUNIT_CFLAGS)
	@$(MAKE) --no-print-directory format-check

format_SRC = $(wildcard limiter/*.[ch] limiter/*/*.c sim/*.[ch] \
             mockserver/*.[ch] bench/*.[ch] tests/*.[ch])
format:
	clang-format -i $(format_SRC)

format-check:
	clang-format --dry-run -Werror $(format_SRC)

# Writes the golden files anew; `git diff` then shows what changed.
golden: $(PROGRAMS)
	GOLDEN=update tests/run.sh $(BUILD) tests/e2e/golden.sh

# The theory of queues, and the properties of windows and pool over many seeds.
study: $(PROGRAMS) $(BUILD)/tests/unit $(BUILD)/tests/lockstep \
       $(BUILD)/tests/plan_study
	@STUDY_HOURS=$(STUDY_HOURS) tests/study.sh $(BUILD)
	@STUDY_PAIRS=$(STUDY_PAIRS) tests/compare_study.sh $(BUILD)
	@$(BUILD)/tests/plan_study 1 $(STUDY_PLANS)
	@LOCKSTEP_SEEDS=$(STUDY_LOCKSTEP) BUILD=$(BUILD) tests/e2e/lockstep.sh
	@STALL_S=2 BUILD=$(BUILD) tests/e2e/omission.sh
	@tests/saturated_study.sh $(BUILD)
	@LIM_SEEDS=$(STUDY_SEEDS) $(BUILD)/tests/unit pool_random meter_runs disciplines \
	    mix

bindir   = $(DESTDIR)$(PREFIX)/bin
libdir   = $(DESTDIR)$(PREFIX)/lib
incdir   = $(DESTDIR)$(PREFIX)/include/limiter
man1dir  = $(DESTDIR)$(PREFIX)/share/man/man1
man3dir  = $(DESTDIR)$(PREFIX)/share/man/man3
man7dir  = $(DESTDIR)$(PREFIX)/share/man/man7
datadir  = $(DESTDIR)$(PREFIX)/share/tierlab
MAN1     = $(wildcard bench/*.1 mockserver/*.1)
MAN3     = $(wildcard limiter/*.3)
MAN7     = $(wildcard bench/*.7)

install: all
	install -d $(bindir) $(libdir)/pkgconfig $(incdir) $(man1dir) \
	    $(man3dir) $(man7dir) $(datadir)/scenarios/theory
	install -m 755 $(PROGRAMS) $(bindir)
	install -m 644 $(LIB_limiter) $(LIB_shared) $(libdir)
	ln -sf $(notdir $(LIB_shared)) $(libdir)/$(SONAME)
	ln -sf $(SONAME) $(libdir)/liblimiter.so
	install -m 644 $(PUBLIC) $(incdir)
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' \
	    limiter/limiter.pc.in >$(libdir)/pkgconfig/limiter.pc
	$(if $(MAN1),install -m 644 $(MAN1) $(man1dir))
	$(if $(MAN3),install -m 644 $(MAN3) $(man3dir))
	$(if $(MAN7),install -m 644 $(MAN7) $(man7dir))
	install -m 644 $(wildcard bench/scenarios/*.*) $(datadir)/scenarios
	install -m 644 $(wildcard bench/scenarios/theory/*) \
	    $(datadir)/scenarios/theory

uninstall:
	rm -f $(bindir)/tierlab $(bindir)/tierlab-mockd \
	    $(libdir)/liblimiter.a $(libdir)/pkgconfig/limiter.pc \
	    $(addprefix $(libdir)/,liblimiter.so $(SONAME) $(notdir $(LIB_shared))) \
	    $(addprefix $(man1dir)/,$(notdir $(MAN1))) \
	    $(addprefix $(man3dir)/,$(notdir $(MAN3))) \
	    $(addprefix $(man7dir)/,$(notdir $(MAN7)))
	rm -rf $(incdir) $(datadir)

clean:
	rm -rf $(BUILD)

.PHONY: all deps demo demo-built test check test-built test-sdk \
        test-sdk-built race race-built unit asan ubsan tsan \
        tsan-built fuzz fuzz-built bench layers lint format format-check \
        golden study install uninstall clean FORCE
.SECONDARY:

-include $(patsubst %.c,$(BUILD)/pic/%.d,$(limiter_SRC)) $(PLUGINS:.so=.d)
-include $(patsubst %.c,$(BUILD)/whole/%.d,$(limiter_SRC) $(sim_SRC))
-include $(patsubst %.c,$(BUILD)/%.d,$(limiter_SRC) $(sim_SRC) \
           $(mockserver_SRC) $(bench_SRC) $(wildcard */main.c tests/*.c))
