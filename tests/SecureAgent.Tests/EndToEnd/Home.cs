namespace SecureAgent.Tests.EndToEnd;

/// <summary>A person's world in a temporary directory: home, runtime directory, key directory and the environment
/// that every
/// program of a test is started with. Nothing of the real user is inherited but PATH and where .NET is.</summary>
internal sealed class Home : IDisposable
{
    private static readonly string[] Inherited = ["PATH", "USER", "LOGNAME", "DOTNET_ROOT", "DOTNET_ROOT_X64"];

    public Home()
    {
        // The name is short: a socket's path has at most 107 bytes.
        Root = Directory.CreateTempSubdirectory("sa-").FullName;
        foreach (string name in new[] { "home", "run", "keys", "tmp" })
        {
            PrivateDirectory(name);
        }

        foreach (string name in Inherited)
        {
            if (System.Environment.GetEnvironmentVariable(name) is string value)
            {
                Environment[name] = value;
            }
        }

        Environment["HOME"] = File("home");
        Environment["TMPDIR"] = File("tmp");
        Environment["LC_ALL"] = "C.UTF-8";
        Environment["XDG_RUNTIME_DIR"] = File("run");
        Environment["XDG_CONFIG_HOME"] = File("home/.config");
        Environment["XDG_DATA_HOME"] = File("home/.local/share");
        Environment["XDG_STATE_HOME"] = File("home/.local/state");
        Environment["SECUREAGENT_KEYDIRECTORY"] = KeyDirectory;
        // No token of the machine that the tests run on.
        Environment["PCSCLITE_CSOCK_NAME"] = File("run/pcscd.comm");
        Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        Environment["GIT_CONFIG_GLOBAL"] = File("home/.gitconfig");
        Askpass = new Askpass(PrivateDirectory("askpass"));
        Askpass.Configure(Environment);
    }

    /// <summary>The directory that holds everything.</summary>
    public string Root { get; }

    /// <summary>What programs are started with.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>The person: answers prompts and remembers what was asked.</summary>
    public Askpass Askpass { get; }

    /// <summary>Where the TPM key files are.</summary>
    public string KeyDirectory => File("keys");

    /// <summary>The path of <paramref name="name"/> in this world.</summary>
    public string File(string name) => Path.Combine(Root, name);

    /// <summary>Writes a file of this world and returns its path.</summary>
    public string Write(string name, string text)
    {
        string path = File(name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Makes a directory that only the user may enter, and returns its path.</summary>
    public string PrivateDirectory(string name) => OwnerOnly.Directory(File(name));

    /// <summary>The environment with SSH_AUTH_SOCK set.</summary>
    public Dictionary<string, string> WithAgent(string socket) => With("SSH_AUTH_SOCK", socket);

    /// <summary>The environment with one variable set.</summary>
    public Dictionary<string, string> With(string name, string value) => new(Environment) { [name] = value };

    /// <summary>The environment without anybody to ask.</summary>
    public Dictionary<string, string> WithoutAskpass()
    {
        Dictionary<string, string> environment = new(Environment);
        environment.Remove("SSH_ASKPASS");
        environment.Remove("SSH_ASKPASS_REQUIRE");
        return environment;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
