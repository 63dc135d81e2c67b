# Redis from Debian, with the interface of the official image: data in /data, runs as redis.
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends redis-server redis-tools \
 && mkdir -p /data && chown redis:redis /data && rm -rf /var/lib/apt/lists/*
USER redis
WORKDIR /data
VOLUME /data
EXPOSE 6379
CMD ["redis-server"]
