# The same as compile.Dockerfile gives, of a program that is there already (build.sh --program).
FROM scratch
COPY swarmlab /swarmlab
