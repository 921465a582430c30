using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Api;

namespace Sluice.Injection;

/// <summary>The FUSE sidecar of one dataset, as the injection wants it to be.</summary>
internal static class Sidecar
{
    /// <summary>
    /// Writes the container. The last sidecar of a pod carries the start gate for all, so that clients start side by side
    /// and nothing of the pod starts before its data is there. Returns null, or why the profile cannot be rendered.
    /// </summary>
    public static string? Write(Utf8JsonWriter writer, Judgement j, Session session, bool last)
    {
        var user = PodUser.Of(j, session);
        var values = new FuseValues(j, session, user);
        var fuse = session.Profile.Resource.Spec.Fuse;
        writer.WriteStartObject();
        writer.WriteString("name"u8, session.Names.Base);
        writer.WriteString("image"u8, fuse.Image);
        if (fuse.PullPolicy is not null)
            writer.WriteString("imagePullPolicy"u8, fuse.PullPolicy);
        var problem = WriteCommand(writer, j, session, values)
            ?? WriteArguments(writer, session, values)
            ?? WriteEnvironment(writer, j, session, values);
        WriteResources(writer, session.Resources);
        writer.WriteString("restartPolicy"u8, "Always"u8);
        if (last)
            WriteStartGate(writer, j);
        writer.WriteString("terminationMessagePolicy"u8, "FallbackToLogsOnError"u8);
        WriteSecurityContext(writer, j.Delivery, user);
        WriteVolumeMounts(writer, j, session);
        writer.WriteEndObject();
        return problem;
    }

    /// <summary>Where secret files appear: kubelet's volume, or what the relay writes when the mounter brings them.</summary>
    public static string AuthDirectory(Session session) =>
        session.Credentials == CredentialSource.Session ? Names.StatePath + "/auth" : Names.AuthPath;

    public static bool HasAuthVolume(Session session) =>
        session.Token || (session.Credentials == CredentialSource.Secret && session.Profile.Resource.Spec.Credentials.Files.Count > 0);

    private static string? WriteCommand(Utf8JsonWriter writer, Judgement j, Session session, FuseValues values)
    {
        var fuse = session.Profile.Resource.Spec.Fuse;
        writer.WriteStartArray("command"u8);
        writer.WriteStringValue(Names.RelayBinary);
        if (j.Delivery == Delivery.Csi)
        {
            writer.WriteStringValue("serve"u8);
        }
        else
        {
            writer.WriteStringValue("mount"u8);
            writer.WriteStringValue($"{Names.SharedPath}/{session.Names.Suffix}");
        }
        WriteFlag(writer, "--dataset", session.Dataset.FullName);
        WriteFlag(writer, "--access", session.Access == Access.ReadWrite ? "rw" : "ro");
        WriteFlag(writer, "--state", Names.StatePath);
        WriteFlag(writer, "--durability", DurabilityName(fuse.Durability));
        WriteFlag(writer, "--flush-timeout", FlushTimeout(fuse).ToString());
        if (fuse.HangTimeout is { } hang)
            WriteFlag(writer, "--hang-timeout", hang.ToString());
        if (fuse.MaxTransfer is { } transfer)
            WriteFlag(writer, "--max-transfer", transfer.ToString());
        if (fuse.Fusermount.Count > 0)
            writer.WriteStringValue("--fusermount"u8);
        string? problem = null;
        foreach (var template in session.Profile.WaitFor)
        {
            writer.WriteStringValue("--wait-for"u8);
            problem ??= WriteRendered(writer, session, template, values, orElse: "");
        }
        if (session.Credentials == CredentialSource.Session)
            WriteSecretFlags(writer, session);
        writer.WriteStringValue("--"u8);
        writer.WriteEndArray();
        return problem;
    }

    private static void WriteSecretFlags(Utf8JsonWriter writer, Session session)
    {
        var profile = session.Profile.Resource.Spec;
        foreach (var variable in profile.Credentials.Env)
            WriteFlag(writer, "--secret-env", $"{variable.Name}={variable.Key}");
        for (var i = 0; i < profile.Fuse.Env.Count; i++)
        {
            if (SecretKey(session.Profile.Environment[i]) is { } key)
                WriteFlag(writer, "--secret-env", $"{profile.Fuse.Env[i].Name}={key.Text[Placeholders.SecretPrefix.Length..]}");
        }
        foreach (var file in profile.Credentials.Files)
            WriteFlag(writer, "--secret-file", $"{file.Path}={file.Key}");
    }

    private static string? WriteArguments(Utf8JsonWriter writer, Session session, FuseValues values)
    {
        string? problem = null;
        writer.WriteStartArray("args"u8);
        foreach (var template in session.Profile.Command)
            problem ??= WriteRendered(writer, session, template, values, orElse: null);
        writer.WriteEndArray();
        return problem;
    }

    private static string? WriteEnvironment(Utf8JsonWriter writer, Judgement j, Session session, FuseValues values)
    {
        var profile = session.Profile.Resource.Spec;
        string? problem = null;
        var list = new NonEmptyArray(writer, "env");
        if (j.Delivery == Delivery.Shared)
        {
            list.Begin();
            WritePodUid(writer);
        }
        if (session.Credentials == CredentialSource.Secret)
        {
            foreach (var variable in profile.Credentials.Env)
            {
                list.Begin();
                WriteSecretVariable(writer, session, variable.Name, variable.Key, variable.Optional);
            }
        }
        for (var i = 0; i < profile.Fuse.Env.Count; i++)
        {
            var template = session.Profile.Environment[i];
            if (SecretKey(template) is { } key)
            {
                if (session.Credentials != CredentialSource.Secret)
                    continue;
                list.Begin();
                WriteSecretVariable(writer, session, profile.Fuse.Env[i].Name, key.Text[Placeholders.SecretPrefix.Length..], optional: key.Default is not null);
                continue;
            }
            if (!Render(session, template, values, ref problem))
                continue;
            list.Begin();
            writer.WriteStartObject();
            writer.WriteString("name"u8, profile.Fuse.Env[i].Name);
            writer.WriteString("value"u8, Rendered);
            writer.WriteEndObject();
        }
        list.End();
        return problem;
    }

    /// <summary>The pod's uid names its part of the shared host directory; the field is known only when the container starts.</summary>
    public static void WritePodUid(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, "POD_UID"u8);
        writer.WriteStartObject("valueFrom"u8);
        writer.WriteStartObject("fieldRef"u8);
        writer.WriteString("fieldPath"u8, "metadata.uid"u8);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static TemplatePart? SecretKey(Template template) =>
        template.Single is { } part && part.Text.StartsWith(Placeholders.SecretPrefix, StringComparison.Ordinal) ? part : null;

    private static void WriteSecretVariable(Utf8JsonWriter writer, Session session, string name, string key, bool optional)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, name);
        writer.WriteStartObject("valueFrom"u8);
        writer.WriteStartObject("secretKeyRef"u8);
        writer.WriteString("name"u8, session.Dataset.Resource.Spec.Source.SecretRef!.Name);
        writer.WriteString("key"u8, key);
        if (optional)
            writer.WriteBoolean("optional"u8, true);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteResources(Utf8JsonWriter writer, SidecarResources resources)
    {
        writer.WriteStartObject("resources"u8);
        foreach (var (name, amounts) in (ReadOnlySpan<(string, List<ResourceAmount>)>)[("limits", resources.Limits), ("requests", resources.Requests)])
        {
            if (amounts.Count == 0)
                continue;
            writer.WriteStartObject(name);
            foreach (var amount in amounts)
                writer.WriteString(amount.Key, amount.Value.ToString());
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteStartGate(Utf8JsonWriter writer, Judgement j)
    {
        var longest = Duration.FromSeconds(0);
        writer.WriteStartObject("lifecycle"u8);
        writer.WriteStartObject("postStart"u8);
        writer.WriteStartObject("exec"u8);
        writer.WriteStartArray("command"u8);
        writer.WriteStringValue(Names.RelayBinary);
        writer.WriteStringValue("wait"u8);
        foreach (var session in j.Sessions)
        {
            if (j.Delivery == Delivery.Csi)
                WriteFlag(writer, "--session", session.Dataset.FullName);
            else
                WriteFlag(writer, "--mounted", $"{Names.SharedPath}/{session.Names.Suffix}");
            var timeout = session.Profile.Resource.Spec.Fuse.StartTimeout ?? Duration.FromSeconds(120);
            if (timeout.Value > longest.Value)
                longest = timeout;
        }
        WriteFlag(writer, "--timeout", longest.ToString());
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteSecurityContext(Utf8JsonWriter writer, Delivery delivery, PodUser user)
    {
        writer.WriteStartObject("securityContext"u8);
        if (delivery == Delivery.Shared)
        {
            writer.WriteBoolean("privileged"u8, true); // Bidirectional propagation and mount(2) need it
            writer.WriteBoolean("readOnlyRootFilesystem"u8, true);
            writer.WriteNumber("runAsGroup"u8, 0);
            writer.WriteBoolean("runAsNonRoot"u8, false);
            writer.WriteNumber("runAsUser"u8, 0);
        }
        else
        {
            WriteRestricted(writer, user.SidecarUser, user.SidecarGroup);
        }
        writer.WriteEndObject();
    }

    /// <summary>What Pod Security's restricted standard asks of a container, and a read-only root on top.</summary>
    public static void WriteRestricted(Utf8JsonWriter writer, long? user, long? group)
    {
        writer.WriteBoolean("allowPrivilegeEscalation"u8, false);
        writer.WriteStartObject("capabilities"u8);
        writer.WriteStartArray("drop"u8);
        writer.WriteStringValue("ALL"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteBoolean("readOnlyRootFilesystem"u8, true);
        if (group is not null)
            writer.WriteNumber("runAsGroup"u8, group.Value);
        writer.WriteBoolean("runAsNonRoot"u8, true);
        if (user is not null)
            writer.WriteNumber("runAsUser"u8, user.Value);
        writer.WriteStartObject("seccompProfile"u8);
        writer.WriteString("type"u8, "RuntimeDefault"u8);
        writer.WriteEndObject();
    }

    private static void WriteVolumeMounts(Utf8JsonWriter writer, Judgement j, Session session)
    {
        var fuse = session.Profile.Resource.Spec.Fuse;
        writer.WriteStartArray("volumeMounts"u8);
        if (j.Delivery == Delivery.Csi)
        {
            WriteMount(writer, session.Names.SessionVolume, Names.SessionPath, readOnly: true);
            foreach (var path in fuse.Fusermount)
                WriteMount(writer, session.Names.SessionVolume, path, readOnly: true, subPath: Names.FusermountShim);
            if (fuse.Fusermount.Count > 0) // libfuse gives up before it calls fusermount where /dev/fuse does not exist
                WriteMount(writer, session.Names.SessionVolume, "/dev/fuse", readOnly: true, subPath: Names.EmptyDeviceFile);
        }
        else
        {
            WriteMount(writer, SessionNames.BinaryVolume, Names.SessionPath + "/bin", readOnly: true);
            foreach (var path in fuse.Fusermount)
                WriteMount(writer, SessionNames.BinaryVolume, path, readOnly: true, subPath: Names.SharedFusermountShim);
            writer.WriteStartObject();
            writer.WriteString("name"u8, session.Names.Base);
            writer.WriteString("mountPath"u8, Names.SharedPath);
            writer.WriteString("mountPropagation"u8, "Bidirectional"u8);
            writer.WriteString("subPathExpr"u8, "$(POD_UID)"u8);
            writer.WriteEndObject();
        }
        WriteMount(writer, session.Names.StateVolume, Names.StatePath, readOnly: false);
        if (HasAuthVolume(session))
            WriteMount(writer, session.Names.AuthVolume, Names.AuthPath, readOnly: true);
        if (fuse.CacheSize is not null)
            WriteMount(writer, session.Names.CacheVolume, Names.CachePath, readOnly: false);
        WriteMount(writer, SessionNames.EmptyVolume, Names.ServiceAccountPath, readOnly: true);
        writer.WriteEndArray();
    }

    private static void WriteMount(Utf8JsonWriter writer, string volume, string path, bool readOnly, string? subPath = null)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, volume);
        writer.WriteString("mountPath"u8, path);
        if (readOnly)
            writer.WriteBoolean("readOnly"u8, true);
        if (subPath is not null)
            writer.WriteString("subPath"u8, subPath);
        writer.WriteEndObject();
    }

    public static Duration FlushTimeout(ProfileFuse fuse) => fuse.FlushTimeout ?? Duration.FromSeconds(30);

    private static string DurabilityName(Durability durability) => durability switch
    {
        Durability.Flush => "Flush",
        Durability.Fsync => "Fsync",
        Durability.Upload => "Upload",
        _ => "Write",
    };

    private static void WriteFlag(Utf8JsonWriter writer, string flag, string value)
    {
        writer.WriteStringValue(flag);
        writer.WriteStringValue(value);
    }

    /// <summary>Writes one argv item, or <paramref name="orElse"/> (nothing when null) where it needs an unset value.</summary>
    private static string? WriteRendered(Utf8JsonWriter writer, Session session, Template template, FuseValues values, string? orElse)
    {
        string? problem = null;
        if (Render(session, template, values, ref problem))
            writer.WriteStringValue(Rendered);
        else if (orElse is not null)
            writer.WriteStringValue(orElse);
        return problem;
    }

    /// <summary>
    /// Renders into this thread's buffer; false where nothing is to be written. Kubernetes expands <c>$(NAME)</c> in
    /// commands, arguments and values from the container's environment, secrets included: dollars are doubled where one
    /// could be read so.
    /// </summary>
    private static bool Render(Session session, Template template, FuseValues values, ref string? problem)
    {
        var buffer = t_rendered ??= new ArrayBufferWriter<char>(256);
        buffer.ResetWrittenCount();
        switch (template.Render(values, buffer, out var placeholder))
        {
            case TemplateOutcome.Unknown:
                problem ??= $"RuntimeProfile \"{session.Profile.Name}\" uses ${{{placeholder}}} in \"{template.Text}\", which is no placeholder here: correct the profile";
                return false;
            case TemplateOutcome.Unset when NeedsRuntime(placeholder!):
                problem ??= $"RuntimeProfile \"{session.Profile.Name}\" needs ${{{placeholder}}} and dataset \"{session.Dataset.FullName}\" has no Runtime: name one in spec.runtime, or use another profile";
                return false;
            case TemplateOutcome.Unset:
                return false;
        }
        if (buffer.WrittenSpan.Contains("$(", StringComparison.Ordinal) || buffer.WrittenSpan.Contains("$$", StringComparison.Ordinal))
        {
            var doubled = new StringBuilder().Append(buffer.WrittenSpan).Replace("$", "$$").ToString();
            buffer.ResetWrittenCount();
            buffer.Write(doubled);
        }
        return true;
    }

    private static bool NeedsRuntime(string placeholder) =>
        placeholder.StartsWith("runtime.", StringComparison.Ordinal)
        || placeholder.StartsWith("master.", StringComparison.Ordinal)
        || placeholder.StartsWith("worker.", StringComparison.Ordinal);

    [ThreadStatic]
    private static ArrayBufferWriter<char>? t_rendered; // per thread: a decision never leaves its thread

    /// <summary>The text of the last <see cref="Render"/>, good until the next.</summary>
    private static ReadOnlySpan<char> Rendered => t_rendered!.WrittenSpan;
}
