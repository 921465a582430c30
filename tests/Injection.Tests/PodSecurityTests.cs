using System.Text.Json;
using Sluice.Testing.PodSecurity;

namespace Sluice.Injection.Tests;

/// <summary>The standard's controls themselves: each must find what it forbids, or the golden pods prove nothing.</summary>
public sealed class PodSecurityTests
{
    private const string Restricted = """
        {"securityContext":{"runAsNonRoot":true,"runAsUser":1000,"seccompProfile":{"type":"RuntimeDefault"}},
         "containers":[{"name":"app","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"],"add":["NET_BIND_SERVICE"]}}}],
         "volumes":[{"name":"v","emptyDir":{}},{"name":"w","csi":{"driver":"x"}}]}
        """;

    [Fact]
    public void A_pod_that_does_all_it_must_has_no_violation() => Assert.Empty(PodSecurityStandard.Restricted(Pod(Restricted)));

    [Theory]
    [InlineData("HostProcess", """{"securityContext":{"windowsOptions":{"hostProcess":true}}}""")]
    [InlineData("HostProcess", """{"containers":[{"name":"a","securityContext":{"windowsOptions":{"hostProcess":true}}}]}""")]
    [InlineData("Host Namespaces", """{"hostNetwork":true}""")]
    [InlineData("Host Namespaces", """{"hostPID":true}""")]
    [InlineData("Host Namespaces", """{"hostIPC":true}""")]
    [InlineData("Privileged Containers", """{"initContainers":[{"name":"a","securityContext":{"privileged":true}}]}""")]
    [InlineData("Capabilities", """{"containers":[{"name":"a","securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}]}""")]
    [InlineData("HostPath Volumes", """{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}""")]
    [InlineData("Host Ports", """{"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":80}]}]}""")]
    [InlineData("Host Probes / Lifecycle Hooks", """{"containers":[{"name":"a","livenessProbe":{"httpGet":{"host":"x","port":1}}}]}""")]
    [InlineData("Host Probes / Lifecycle Hooks", """{"containers":[{"name":"a","lifecycle":{"preStop":{"tcpSocket":{"host":"x","port":1}}}}]}""")]
    [InlineData("AppArmor", """{"securityContext":{"appArmorProfile":{"type":"Unconfined"}}}""")]
    [InlineData("AppArmor", """{"containers":[{"name":"a","securityContext":{"appArmorProfile":{"type":"Unconfined"}}}]}""")]
    [InlineData("SELinux", """{"securityContext":{"seLinuxOptions":{"type":"spc_t"}}}""")]
    [InlineData("SELinux", """{"containers":[{"name":"a","securityContext":{"seLinuxOptions":{"user":"system_u"}}}]}""")]
    [InlineData("SELinux", """{"containers":[{"name":"a","securityContext":{"seLinuxOptions":{"role":"system_r"}}}]}""")]
    [InlineData("/proc Mount Type", """{"containers":[{"name":"a","securityContext":{"procMount":"Unmasked"}}]}""")]
    [InlineData("Seccomp", """{"containers":[{"name":"a","securityContext":{"seccompProfile":{"type":"Unconfined"}}}]}""")]
    [InlineData("Seccomp", """{"securityContext":{"seccompProfile":{"type":"Unconfined"}}}""")]
    [InlineData("Sysctls", """{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]}}""")]
    public void Baseline_finds(string control, string spec) =>
        Assert.Contains(PodSecurityStandard.Baseline(Pod(spec)), v => v.Control == control);

    [Theory]
    [InlineData("Volume Types", """{"volumes":[{"name":"v","nfs":{}}]}""")]
    [InlineData("Volume Types", """{"volumes":[{"name":"v"}]}""")]
    [InlineData("Privilege Escalation", """{"containers":[{"name":"a"}]}""")]
    [InlineData("Privilege Escalation", """{"ephemeralContainers":[{"name":"a","securityContext":{"allowPrivilegeEscalation":true}}]}""")]
    [InlineData("Running as Non-root", """{"containers":[{"name":"a"}]}""")]
    [InlineData("Running as Non-root", """{"securityContext":{"runAsNonRoot":true},"containers":[{"name":"a","securityContext":{"runAsNonRoot":false}}]}""")]
    [InlineData("Running as Non-root user", """{"securityContext":{"runAsUser":0}}""")]
    [InlineData("Running as Non-root user", """{"containers":[{"name":"a","securityContext":{"runAsUser":0}}]}""")]
    [InlineData("Seccomp (restricted)", """{"containers":[{"name":"a"}]}""")]
    [InlineData("Capabilities (restricted)", """{"containers":[{"name":"a"}]}""")]
    [InlineData("Capabilities (restricted)", """{"containers":[{"name":"a","securityContext":{"capabilities":{"drop":["ALL"],"add":["CHOWN"]}}}]}""")]
    public void Restricted_finds(string control, string spec) =>
        Assert.Contains(PodSecurityStandard.Restricted(Pod(spec)), v => v.Control == control);

    [Fact]
    public void Baseline_says_nothing_about_a_plain_pod() =>
        Assert.Empty(PodSecurityStandard.Baseline(Pod("""{"containers":[{"name":"a","securityContext":{"capabilities":{"add":["CHOWN"]}}}],"volumes":[{"name":"v","nfs":{}}]}""")));

    private static JsonElement Pod(string spec) => JsonElement.Parse("{\"metadata\":{},\"spec\":" + spec + "}");
}
