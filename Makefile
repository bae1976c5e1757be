# tierlab: see README.md.  Everything that is made goes to $(BUILD).

VERSION = 0.1.0
BUILD   = build
OPT     = -O2
SAN     =
CC      = cc

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
       -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
       -Wvla -Wconversion -Wundef -Wswitch-enum
ifdef WERROR
WARN += -Werror
endif

PKG = $(shell pkg-config $(1) 2>/dev/null)
CJSON_CFLAGS = $(call PKG,--cflags libcjson)
CJSON_LIBS   = $(call PKG,--libs libcjson)
CURL_CFLAGS  = $(call PKG,--cflags libcurl)
CURL_LIBS    = $(call PKG,--libs libcurl)
CUNIT_CFLAGS = $(call PKG,--cflags cunit)
CUNIT_LIBS   = $(call PKG,--libs cunit)

# -ffp-contract=off: the same bytes for the same seed, whatever the compiler.
BASE_CFLAGS = -std=c11 -I. -I$(BUILD) -ffp-contract=off $(OPT) -g $(WARN) $(SAN)
ALL_CFLAGS  = $(BASE_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(SAN) $(LDFLAGS)

# Folders, from the bottom up: each may use those before it.
limiter_SRC    = $(wildcard limiter/*.c limiter/strategies/*.c)
sim_SRC        = $(wildcard sim/*.c)
mockserver_SRC = $(filter-out mockserver/main.c,$(wildcard mockserver/*.c))
bench_SRC      = $(filter-out bench/main.c,$(wildcard bench/*.c))
test_SRC       = $(filter-out tests/fuzz_%.c tests/bench_%.c tests/example_%.c,\
                 $(wildcard tests/*.c))

# Files that are built into the programs, as strings.
limiter_TEXT    = $(wildcard limiter/tables/*.tsv)
mockserver_TEXT =
bench_TEXT      = $(wildcard bench/figures/*.gp bench/*.html bench/*.css)

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

all: $(BUILD)/tierlab $(BUILD)/tierlab-mockd $(LIB_limiter)

$(BUILD)/mockserver/%.o: ALL_CFLAGS += $(CJSON_CFLAGS)
$(BUILD)/bench/%.o: ALL_CFLAGS += $(CJSON_CFLAGS) $(CURL_CFLAGS)
$(BUILD)/tests/%.o: ALL_CFLAGS += $(CJSON_CFLAGS) $(CURL_CFLAGS) $(CUNIT_CFLAGS)
$(BUILD)/bench/main.o $(BUILD)/mockserver/main.o: \
	ALL_CFLAGS += -DTIERLAB_VERSION='"$(VERSION)"'

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

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

$(BUILD)/%.text.o: $(BUILD)/%.text.c
	$(CC) -std=c11 $(OPT) $(SAN) -c -o $@ $<

define library
$(LIB_$(1)): $($(1)_OBJ) $(1)
	@rm -f $$@
	$(AR) rcs $$@ $($(1)_OBJ)
endef
$(foreach l,limiter sim mockserver bench,$(eval $(call library,$(l))))

$(BUILD)/tierlab-mockd: $(BUILD)/mockserver/main.o $(LIB_mockserver) $(LIB_sim) \
                        $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CJSON_LIBS) -lpthread

$(BUILD)/tierlab: $(BUILD)/bench/main.o $(LIB_bench) $(LIB_mockserver) \
                  $(LIB_sim) $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CURL_LIBS) $(CJSON_LIBS) -lpthread

# Every tests/test_NAME.c is a suite; the list of them is made here.
$(BUILD)/tests/suites.h: $(test_SRC) Makefile tests
	@mkdir -p $(@D)
	@for f in $(patsubst tests/test_%.c,%,$(filter tests/test_%,$(test_SRC))); \
	 do echo "SUITE($$f)"; done >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/tests/main.o: $(BUILD)/tests/suites.h

$(BUILD)/tests/unit: $(call obj,$(test_SRC)) $(LIB_bench) $(LIB_mockserver) \
                     $(LIB_sim) $(LIB_limiter)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CUNIT_LIBS) $(CURL_LIBS) $(CJSON_LIBS) \
	    -lpthread -lm

unit: $(BUILD)/tests/unit
	$(BUILD)/tests/unit

clean:
	rm -rf build

.PHONY: all unit clean
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
