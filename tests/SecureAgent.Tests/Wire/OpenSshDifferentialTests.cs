using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using SecureAgent.Tests.Fuzz;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

/// <summary>Sends the same mutated requests to a real ssh-agent and compares what it accepts with what is decoded
/// here.</summary>
public sealed class OpenSshDifferentialTests
{
    private const int Rounds = 1500;

    [Fact]
    public async Task Constraints_are_accepted_and_refused_as_by_ssh_agent()
    {
        string[] names =
        [
            "req-add-utf8.bin", "req-add-lifetime.bin", "req-add-confirm.bin", "req-add-lifetime-confirm.bin",
            "req-add-destination.bin", "req-add-destination-hops.bin",
        ];
        // Only what stands behind the key: of the key itself OpenSSH checks more than its encoding.
        (byte[] Head, byte[] Tail)[] samples = [.. names.Select(Split)];
        byte[][] tails = [.. samples.Select(sample => sample.Tail)];
        await using OpenSshAgent agent = await OpenSshAgent.StartAsync();
        int accepted = 0;
        foreach (int seed in FuzzHarness.Seeds(Rounds))
        {
            Random random = new(seed);
            (byte[] head, byte[] tail) = samples[random.Next(samples.Length)];
            byte[] request = [.. head, .. Mutation.Of(random, tails, tail)];
            bool theirs = await agent.AskAsync(request) == AgentMessageType.SSH_AGENT_SUCCESS;
            (bool ours, bool stricter) = Accepts(request);
            Assert.True(
                ours == theirs || (theirs && stricter),
                $"seed {seed}: ssh-agent {(theirs ? "accepts" : "refuses")} {Convert.ToHexStringLower(request)}");
            accepted += ours ? 1 : 0;
        }

        Assert.True(accepted >= Rounds / 50);
    }

    [Fact]
    public async Task Requests_of_every_number_are_answered_as_decoded()
    {
        await using OpenSshAgent agent = await OpenSshAgent.StartAsync();
        for (int type = 0; type < 256; type++)
        {
            // OpenSSH ends itself at a lock request without a passphrase: the one thing not to imitate.
            byte[] request = [(byte)type, 0, 0, 0, 9];
            if (type is not ((int)AgentMessageType.SSH_AGENTC_LOCK or (int)AgentMessageType.SSH_AGENTC_UNLOCK))
            {
                AgentMessageType answer = await agent.AskAsync(request);
                AgentMessageType expected = Decoded(request) switch
                {
                    AgentRequest.RequestIdentities => AgentMessageType.SSH_AGENT_IDENTITIES_ANSWER,
                    AgentRequest.RemoveAllIdentities => AgentMessageType.SSH_AGENT_SUCCESS,
                    _ => AgentMessageType.SSH_AGENT_FAILURE,
                };
                Assert.Equal((type, expected), (type, answer));
            }
        }
    }

    private static AgentRequest? Decoded(byte[] request)
    {
        try
        {
            return AgentRequest.Decode(request);
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    private static (byte[] Head, byte[] Tail) Split(string name)
    {
        byte[] request = WireVectors.Bytes(name);
        int keyEnd = 1 + WireVectors.Request<AgentRequest.AddIdentity>(name).KeyFields.Length;
        return (request[..keyEnd], request[keyEnd..]);
    }

    /// <summary>Whether the request is one that an agent with OpenSSH's features accepts, and if not, whether that is a
    /// rule that is stricter here on purpose.</summary>
    private static (bool Accepts, bool Stricter) Accepts(byte[] request)
    {
        try
        {
            AgentRequest.AddIdentity add = Assert.IsType<AgentRequest.AddIdentity>(AgentRequest.Decode(request));
            return (add.Constraints.All(SupportedByOpenSsh), false);
        }
        catch (WireFormatException e)
        {
            // OpenSSH takes any bytes for text, lets one NUL end it, takes an empty list for no restriction, and
            // numbers with leading zeros.
            return (false, e.Message.Contains("UTF-8", StringComparison.Ordinal)
                || e.Message.Contains("NUL", StringComparison.Ordinal)
                || e.Message.Contains("leading zero", StringComparison.Ordinal)
                || e.Message.Contains("names no destination", StringComparison.Ordinal));
        }
    }

    private static bool SupportedByOpenSsh(KeyConstraint constraint) => constraint switch
    {
        // maxsign is no longer known to OpenSSH; a provider is for security keys only.
        KeyConstraint.UnknownConstraint or KeyConstraint.MaxSignatures or KeyConstraint.SkProvider => false,
        KeyConstraint.RestrictDestination restrict => restrict.Destinations.All(
            destination => destination.From.Keys.Concat(destination.To.Keys).All(key => IsUsable(key.Key))),
        _ => true,
    };

    /// <summary>OpenSSH also computes with the keys: points must be on their curve, and RSA keys not short.</summary>
    private static bool IsUsable(KeyBlob blob)
    {
        switch (PublicKey.DecodeKeyOrCertificate(blob))
        {
            case RsaPublicKey rsa:
                return rsa.SizeBits >= 1024;
            case EcdsaPublicKey key:
                try
                {
                    ECPoint point = new() { X = key.X.ToArray(), Y = key.Y.ToArray() };
                    ECDsa.Create(new ECParameters { Curve = key.Curve.Parameters, Q = point }).Dispose();
                    return true;
                }
                catch (CryptographicException)
                {
                    return false;
                }

            default:
                return true;
        }
    }

    /// <summary>An ssh-agent in the foreground, in a folder of its own.</summary>
    private sealed class OpenSshAgent : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder;
        private readonly Process _process;
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        private OpenSshAgent(DirectoryInfo folder, Process process) => (_folder, _process) = (folder, process);

        public static async Task<OpenSshAgent> StartAsync()
        {
            string program = Requires.Tool("ssh-agent");
            DirectoryInfo folder = Directory.CreateTempSubdirectory("secure-agent-wire-");
            string path = Path.Combine(folder.FullName, "agent.sock");
            Process process = Process.Start(new ProcessStartInfo(program, ["-D", "-a", path])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            // Read and dropped: it complains of every bad request, and would stop at a full pipe.
            process.BeginErrorReadLine();
            OpenSshAgent agent = new(folder, process);
            // It prints its address when it listens.
            using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
            Assert.Contains(path, await process.StandardOutput.ReadLineAsync(deadline.Token), StringComparison.Ordinal);
            await agent._socket.ConnectAsync(new UnixDomainSocketEndPoint(path), deadline.Token);
            return agent;
        }

        public async Task<AgentMessageType> AskAsync(byte[] request)
        {
            using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(30));
            byte[] frame = new byte[4 + request.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, request.Length);
            request.CopyTo(frame, 4);
            await using NetworkStream stream = new(_socket, ownsSocket: false);
            await stream.WriteAsync(frame, deadline.Token);
            byte[] head = new byte[4];
            await stream.ReadExactlyAsync(head, deadline.Token);
            byte[] answer = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
            await stream.ReadExactlyAsync(answer, deadline.Token);
            return AgentResponse.TypeOf(answer);
        }

        public async ValueTask DisposeAsync()
        {
            _socket.Dispose();
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
