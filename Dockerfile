# The server alone; compose.yaml runs it beside a database.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -o /frontdesk ./cmd/frontdesk && mkdir -p /writable/data /writable/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /frontdesk /frontdesk
# What the server's user may write to: its data, and the temporary files of large uploads.
COPY --from=build --chown=65532:65532 /writable/ /
USER 65532:65532
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/frontdesk"]
CMD ["serve"]
