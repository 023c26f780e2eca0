using System.Collections.Concurrent;

namespace SecureAgent.Tests.EndToEnd;

/// <summary>A person with key files of every type, each made when it is first asked for, and an sshd.</summary>
public sealed class KeyFiles : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _files = new();
    private readonly Lazy<Task<SshdServer>> _sshd = new(() => SshdServer.StartAsync());

    /// <summary>The types and sizes that ssh-keygen makes, as <c>TYPE-BITS</c>.</summary>
    public static TheoryData<string> Types =>
        ["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-256", "ecdsa-384", "ecdsa-521", "ed25519-256"];

    /// <summary>The person.</summary>
    internal Home Home { get; } = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_sshd.IsValueCreated && _sshd.Value.IsCompletedSuccessfully)
        {
            await (await _sshd.Value).DisposeAsync();
        }

        Home.Dispose();
    }

    /// <summary>The private key file of a type; its name is the key's comment.</summary>
    internal Task<string> KeyAsync(string type) => MadeAsync(type, type);

    /// <summary>The private key file of that name: Ed25519.</summary>
    internal Task<string> NamedAsync(string name) => MadeAsync(name, "ed25519-256");

    /// <summary>The shared sshd; each test says anew who may log in.</summary>
    internal Task<SshdServer> SshdAsync()
    {
        Needs.LinuxWith("ssh", "sshd");
        return _sshd.Value;
    }

    /// <summary>Copies the public half to where no private half lies beside it, so that ssh needs the
    /// agent.</summary>
    internal string Alone(string file)
    {
        string directory = Home.PrivateDirectory("tmp/alone");
        string copy = Path.Combine(directory, Path.GetFileName(file) + ".pub");
        File.Copy(file + ".pub", copy, overwrite: true);
        return copy;
    }

    private Task<string> MadeAsync(string name, string type) =>
        _files.GetOrAdd(name, _ => new Lazy<Task<string>>(() => MakeAsync(name, type.Split('-')))).Value;

    private async Task<string> MakeAsync(string name, string[] type)
    {
        Needs.LinuxWith("ssh-keygen", "ssh-add", "ssh-agent");
        string file = Home.File($"tmp/{name}");
        string[] arguments = ["-q", "-t", type[0], "-b", type[1], "-N", "", "-C", name, "-f", file];
        (await new Command(Home.Environment, Requires.Tool("ssh-keygen"), arguments).RunAsync()).Succeeded();
        return file;
    }
}
