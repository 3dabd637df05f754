# The image: the static binary beside a shell, built from source.
#
#     docker build -t standin .
#     docker run --rm -v "$PWD:/work" standin run -- ./run-tests.sh
#
# `scripts/container` builds and tries it; the same words serve docker, podman and buildah.
# Both are pinned to one image index, of all architectures; the tags before the digests are for people.
ARG RUST=docker.io/library/rust:1.95.0-bookworm@sha256:6258907abe69656e41cd992e0b705cdcfabcbbe3db374f92ed2d47121282d4a1
ARG BASE=docker.io/library/busybox:1.37.0-musl@sha256:222ad6d973c0d198014546a65cd02c5fdedcc172123c5b4c2bf0af636550bd94

# hadolint ignore=DL3006
FROM ${RUST} AS build
# Named so that the check for paths in the binary finds this one, and nothing that a library happens to say.
WORKDIR /standin-source
# Without rust-toolchain.toml: the image's own compiler is the pinned one, and the file asks for parts that only a developer needs.
COPY Cargo.toml Cargo.lock ./
COPY scripts/auditable scripts/dist scripts/
COPY presets presets
COPY src src
RUN scripts/dist && cp dist/standin-linux-* standin

# hadolint ignore=DL3006
FROM ${BASE}
LABEL org.opencontainers.image.title="Standin" \
      org.opencontainers.image.description="Test accounts for CI jobs: created in every service, and gone afterwards whatever happens" \
      org.opencontainers.image.source="https://github.com/standin-ci/standin" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /standin-source/standin /usr/local/bin/standin
COPY LICENSE-MIT LICENSE-APACHE /usr/share/licenses/standin/
WORKDIR /work
# The binary itself and no shell: a command of Standin's is done, anything else (GitLab's `sh`, Jenkins' `cat`) is run.
# No user is set: it runs as any, and CI hosts choose one for the files that they mount.
ENTRYPOINT ["/usr/local/bin/standin", "container"]
CMD ["--help"]
