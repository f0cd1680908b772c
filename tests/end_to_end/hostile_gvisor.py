"""The hostile agents and candidates of the other files, and the tests of what a sandbox refuses, with a kernel of gVisor's between.

Beside hostile_containers.py, so that both may run at once. What is not the driver's but the worker's own (hostile_scope.py) is tried there.
"""
import hostile_containers
import swarm


class InGvisor(hostile_containers.Attacks, hostile_containers.OfAnEngine):
    engine_kind = "runsc"
    files = ("hostile_agents.py", "hostile_candidates.py ACandidateThatIsRunAsAChild")
    suites = "SandboxRefuses*:SandboxHides*:SandboxGates*:SandboxReachesNobody*:SandboxBounds*"


if __name__ == "__main__":
    swarm.main()
