namespace SecureAgent.Tests.Channels.UnixSocket;

/// <summary>A directory of 0700 that is removed with everything in it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = System.IO.Directory.CreateTempSubdirectory("sa-").FullName;

    public void Dispose() => System.IO.Directory.Delete(Path, recursive: true);
}
