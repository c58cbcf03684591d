# The mesh in a small image: built in one stage, run in another, by a user of its own.
# SPDX-License-Identifier: MPL-2.0

FROM debian:bookworm-slim AS build
WORKDIR /mesh
COPY scripts/install-deps scripts/
RUN apt-get update && scripts/install-deps --build
COPY CMakeLists.txt LICENSE ./
COPY cmake cmake
COPY proto proto
COPY mesh mesh
COPY convention convention
COPY cli cli
COPY bench bench
COPY bindings bindings
COPY docs/CMakeLists.txt docs/meshd.conf.sample docs/
COPY docs/man docs/man
COPY systemd systemd
COPY examples/wordcount examples/wordcount
COPY examples/signed-source examples/signed-source
RUN cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DMESH_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local \
 && cmake --build /build \
 && cmake --install /build \
 && DESTDIR=/image cmake --install /build --strip \
 && cmake -S examples/wordcount -B /wordcount -G Ninja -DCMAKE_BUILD_TYPE=Release \
 && cmake --build /wordcount \
 && install -D --strip /wordcount/wordcount /image/usr/local/bin/wordcount \
 && install -D --strip --target-directory=/image/usr/local/lib/mesh /wordcount/modules/*.so \
 && cmake -S examples/signed-source -B /signed -G Ninja -DCMAKE_BUILD_TYPE=Release \
 && cmake --build /signed \
 && install -D --strip /signed/signed-source /image/usr/local/bin/signed-source \
 && install -D --strip /signed/greeter.so /image/usr/local/share/mesh/greeter.so

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libczmq4 libjansson4 libprotobuf-c1 libsodium23 libzmq5 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --home-dir /nonexistent mesh \
 && install -d -o mesh -g mesh -m 0700 /run/mesh /keys
COPY --from=build /image/ /
RUN ldconfig
COPY examples/cluster/*.conf /etc/mesh/
COPY examples/cluster/make-keys /usr/local/bin/
USER mesh
ENV MESH_RUN_DIRECTORY=/run/mesh
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s --retries=3 CMD ["mesh", "health"]
ENTRYPOINT ["meshd"]
CMD ["--config", "/etc/mesh/member.conf"]
