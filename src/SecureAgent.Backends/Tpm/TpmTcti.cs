using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SecureAgent.Backends.Tpm;

/// <summary>Where a TPM is, written as a tpm2-tss TCTI string: <c>tbs</c>, <c>device:/dev/tpmrm0</c>,
/// <c>swtpm:host=127.0.0.1,port=2321</c>, <c>swtpm:path=/run/x.sock</c>,
/// <c>mssim:host=127.0.0.1,port=2321</c>.</summary>
public sealed class TpmTcti
{
    private const string DefaultDevice = "/dev/tpmrm0";
    private const string DefaultHost = "localhost";
    private const int DefaultPort = 2321;

    private readonly string _text;
    private readonly Func<TimeSpan, ITpmDevice> _open;

    private TpmTcti(string text, Func<TimeSpan, ITpmDevice> open, bool isManaged = false) =>
        (_text, _open, IsManaged) = (text, open, isManaged);

    /// <summary>The TPM of this machine: TBS on Windows, <c>/dev/tpmrm0</c> elsewhere, there or not.</summary>
    public static TpmTcti Default => Parse(OperatingSystem.IsWindows() ? "tbs" : "device:" + DefaultDevice);

    /// <summary>Whether a resource manager stands before the TPM and gives every program slots of its own, as
    /// <c>/dev/tpmrm0</c> and TBS do. A bare TPM is used in turns.</summary>
    public bool IsManaged { get; }

    /// <summary>Whether <see cref="Default"/> can be expected to open.</summary>
    public static bool DefaultExists => OperatingSystem.IsWindows() || File.Exists(DefaultDevice);

    /// <summary>What to do where <see cref="DefaultExists"/> is false.</summary>
    public static string Advice =>
        $"There is no {DefaultDevice}. Enable the TPM in the firmware, or name one: --tpm swtpm:path=/run/swtpm.sock.";

    /// <summary>Reads a TCTI string.</summary>
    /// <exception cref="FormatException">It is none; the message says what is expected (exit code 64).</exception>
    public static TpmTcti Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? text : text[..colon];
        string rest = colon < 0 ? "" : text[(colon + 1)..];
        return kind switch
        {
            "tbs" when rest.Length == 0 => new TpmTcti(text, _ => OpenTbs(), isManaged: true),
            "device" => ParseDevice(text, rest),
            "swtpm" => ParseSwtpm(text, rest),
            "mssim" => ParseMssim(text, rest),
            _ => throw Wrong(text, "it starts with none of tbs, device, swtpm and mssim"),
        };
    }

    /// <summary>Opens the device.</summary>
    /// <exception cref="Core.BackendException">It is not there.</exception>
    public ITpmDevice Open() => _open(TpmCommandDuration.Default);

    /// <summary>Opens the device with another limit on how long an answer may take.</summary>
    internal ITpmDevice Open(TimeSpan limit) => _open(limit);

    /// <summary>The string it was read from.</summary>
    public override string ToString() => _text;

    private static TbsDevice OpenTbs() => OperatingSystem.IsWindows()
        ? new TbsDevice()
        : throw new TpmDeviceLostException(
            "TBS is a part of Windows. On this system name the TPM as device:/dev/tpmrm0.", commandWasSent: false);

    private static TpmTcti ParseDevice(string text, string path)
    {
        string device = path.Length == 0 ? DefaultDevice : path;
        return device[0] == '/'
            ? new TpmTcti(
                text,
                _ => new LinuxTpmDevice(device),
                isManaged: Path.GetFileName(device).StartsWith("tpmrm", StringComparison.Ordinal))
            : throw Wrong(text, "the device is not an absolute path");
    }

    private static TpmTcti ParseSwtpm(string text, string rest)
    {
        Dictionary<string, string> settings = Settings(text, rest, "host", "port", "path");
        if (settings.TryGetValue("path", out string? path))
        {
            if (settings.Count > 1)
            {
                throw Wrong(text, "a path goes without host and port");
            }

            EndPoint endpoint;
            try
            {
                endpoint = new UnixDomainSocketEndPoint(path);
            }
            catch (ArgumentException)
            {
                throw Wrong(text, "the path is empty or too long for a unix socket");
            }
            catch (PlatformNotSupportedException)
            {
                throw Wrong(text, "this system has no unix sockets; use host and port");
            }

            return new TpmTcti(text, limit => new SwtpmDevice(endpoint, text, limit));
        }

        (string host, int port) = HostAndPort(text, settings, highest: 65535);
        return new TpmTcti(text, limit => new SwtpmDevice(new DnsEndPoint(host, port), text, limit));
    }

    private static TpmTcti ParseMssim(string text, string rest)
    {
        (string host, int port) = HostAndPort(text, Settings(text, rest, "host", "port"), highest: 65534);
        return new TpmTcti(text, limit => new MssimDevice(host, port, text, limit));
    }

    private static (string Host, int Port) HostAndPort(string text, Dictionary<string, string> settings, int highest)
    {
        int port = DefaultPort;
        if (settings.TryGetValue("port", out string? number)
            && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out port)
                || port < 1 || port > highest))
        {
            throw Wrong(text, $"the port is not a number from 1 to {highest}");
        }

        string host = settings.GetValueOrDefault("host", DefaultHost);
        return host.Length is > 0 and < 256 ? (host, port) : throw Wrong(text, "the host is empty or too long");
    }

    private static Dictionary<string, string> Settings(string text, string rest, params string[] allowed)
    {
        Dictionary<string, string> settings = [];
        foreach (string setting in rest.Length == 0 ? [] : rest.Split(','))
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? setting : setting[..equals];
            if (equals < 0 || !allowed.Contains(name))
            {
                throw Wrong(text, $"\"{setting}\" is none of {string.Join(", ", allowed.Select(item => item + "=…"))}");
            }

            if (!settings.TryAdd(name, setting[(equals + 1)..]))
            {
                throw Wrong(text, $"{name} is named twice");
            }
        }

        return settings;
    }

    private static FormatException Wrong(string text, string why) => new(
        $"\"{text}\" does not name a TPM: {why}. Examples: tbs, device:/dev/tpmrm0, swtpm:path=/run/swtpm.sock, "
        + "swtpm:host=127.0.0.1,port=2321, mssim:host=127.0.0.1,port=2321.");
}
