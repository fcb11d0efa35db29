#!/bin/sh
# Compiles pod-init: build.sh CC OUTPUT. The same sources and compiler give the same bytes.
set -eu
cc=$1
output=$2
cd "$(dirname "$0")"
mkdir -p "$(dirname "$output")"
# One page size, no separate pages for code and data, no tables that only debuggers or libc read.
exec "$cc" -std=gnu11 -Os -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror \
  -ffreestanding -fno-stack-protector -fno-builtin -fno-pie -fno-asynchronous-unwind-tables \
  -fno-unwind-tables -fno-ident -ffunction-sections -fdata-sections -fcf-protection=none \
  -nostdlib -static -no-pie -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,max-page-size=4096 \
  -Wl,-z,norelro -Wl,-z,noexecstack -Wl,--build-id=none -Wl,-s \
  -o "$output" main.c init.c health.c supervise.c enter.c attach.c hold.c userns.c mux.c notify.c relay.c event.c ops.c plan.c text.c sys.c
