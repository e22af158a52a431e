# One image for all of Stint's processes; the command says which one runs.

FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

# Compiles, and bundles the workflows, so that a container with a read-only file system has nothing left to write.
FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts
COPY . .
RUN npm run build \
  && rm -rf dist/sim dist/cli/demo* dist/.tsbuildinfo

# The packages that run, without the Temporal bridge of the four platforms that this image is not.
FROM base AS packages
COPY package.json package-lock.json .npmrc ./
COPY deploy/prune-core-bridge.sh deploy/
RUN npm ci --omit=dev --ignore-scripts \
  && sh deploy/prune-core-bridge.sh node_modules

FROM base AS runtime
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE* ./
COPY device/macos device/macos
COPY deploy/healthcheck.mjs deploy/
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["--help"]
