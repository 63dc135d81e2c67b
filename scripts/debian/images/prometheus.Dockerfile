# Prometheus from Debian, with the interface of the official image: /bin/prometheus, data in /prometheus, runs as nobody.
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends prometheus \
 && ln -sf /usr/bin/prometheus /usr/bin/promtool /bin/ 2>/dev/null || true
RUN test -x /bin/prometheus && mkdir -p /prometheus && chown nobody:nogroup /prometheus && rm -rf /var/lib/apt/lists/*
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
EXPOSE 9090
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
