# The builder runs on the machine's own platform and cross-compiles; the image is static, non-root and holds one binary.
ARG BUILDER=golang:1.26
FROM --platform=${BUILDPLATFORM:-linux/amd64} ${BUILDER} AS build
ARG TARGETOS=linux TARGETARCH=amd64 VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=${VERSION}" -o /out/elbow ./cmd/elbow \
 && mkdir -p /out/data /out/tmp

FROM scratch
ENV ELBOW_DATA=/data ELBOW_LISTEN=:80,:443,:8080
COPY --from=build /out/elbow /elbow
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
EXPOSE 80 443 8080
VOLUME /data
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/elbow", "healthcheck"]
ENTRYPOINT ["/elbow"]
