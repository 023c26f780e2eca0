using System.Buffers;
using SecureAgent.Wire;

namespace SecureAgent.Tests.Wire;

public sealed class KeyConstraintTests
{
    [Fact]
    public void Destinations_are_those_given_to_ssh_add()
    {
        AgentRequest.AddIdentity request = Add(WireVectors.Bytes("req-add-destination-hops.bin"));
        Assert.Contains(new KeyConstraint.Lifetime(600), request.Constraints);
        Assert.Contains(KeyConstraint.Confirm.Instance, request.Constraints);
        KeyConstraint.RestrictDestination restrict =
            Assert.Single(request.Constraints.OfType<KeyConstraint.RestrictDestination>());
        Assert.Equal(2, restrict.Destinations.Count);

        DestinationConstraint first = restrict.Destinations[0];
        Assert.Equal(("", "", 0), (first.From.User, first.From.HostName, first.From.Keys.Count));
        Assert.Equal(("alice", "host-a.example"), (first.To.User, first.To.HostName));
        // known_hosts had two plain keys of host-a and an authority for *.example.
        Assert.Equal([false, false, true], first.To.Keys.Select(key => key.IsCa));

        DestinationConstraint second = restrict.Destinations[1];
        Assert.Equal(("", "host-a.example"), (second.From.User, second.From.HostName));
        Assert.Equal(("bob", "host-b.example"), (second.To.User, second.To.HostName));
        Assert.Equal(first.To.Keys, second.From.Keys);
        Assert.Equal("ecdsa-sha2-nistp256", PublicKey.Decode(second.To.Keys[0].Key.Memory).KeyType);
    }

    [Fact]
    public void Repeated_constraints_are_refused()
    {
        byte[] lifetime = WireVectors.Bytes("req-add-lifetime.bin");
        Assert.Throws<WireFormatException>(() => Add([.. lifetime, .. lifetime.AsSpan()[^5..]]));
        Assert.Throws<WireFormatException>(() => Add([.. WireVectors.Bytes("req-add-confirm.bin"), 2]));
    }

    [Fact]
    public void Number_of_signatures_is_read()
    {
        byte[] message = [.. WireVectors.Bytes("req-add-confirm.bin"), 3, 0, 0, 1, 0];
        AgentRequest.AddIdentity request = Add(message);
        Assert.Equal([KeyConstraint.Confirm.Instance, new KeyConstraint.MaxSignatures(256)], request.Constraints);
        Assert.Equal(message, AgentRequestTests.Encode(request));
    }

    [Fact]
    public void Constraints_are_read_in_the_unconstrained_message_too_as_in_OpenSSH()
    {
        byte[] message = [.. WireVectors.Bytes("req-add-utf8.bin"), 2];
        AgentRequest.AddIdentity request = Add(message);
        Assert.False(request.IsConstrained);
        Assert.Equal([KeyConstraint.Confirm.Instance], request.Constraints);
        Assert.Equal(message, AgentRequestTests.Encode(request));
    }

    [Fact]
    public void Unknown_constraints_are_kept_to_be_refused()
    {
        byte[] numbered = [.. WireVectors.Bytes("req-add-confirm.bin"), 77, 1, 2];
        KeyConstraint.UnknownConstraint unknown =
            Assert.IsType<KeyConstraint.UnknownConstraint>(Add(numbered).Constraints[^1]);
        Assert.Equal((77, null, 2), (unknown.Type, unknown.ExtensionName, unknown.Rest.Length));
        Assert.Equal(numbered, AgentRequestTests.Encode(Add(numbered)));

        byte[] named = Extension("no-such@example.com", [5]);
        unknown = Assert.IsType<KeyConstraint.UnknownConstraint>(Add(named).Constraints[^1]);
        Assert.Equal("no-such@example.com", unknown.ExtensionName);
        Assert.Equal(named, AgentRequestTests.Encode(Add(named)));
    }

    [Fact]
    public void Associated_certificates_belong_to_tokens_and_providers_to_keys()
    {
        ArrayBufferWriter<byte> list = new();
        new WireWriter(list).WriteString(WireVectors.Blob("rsa-cert.pub"));
        new WireWriter(list).WriteString(WireVectors.Blob("ed25519-cert.pub"));
        ArrayBufferWriter<byte> body = new();
        new WireWriter(body).WriteBoolean(true);
        new WireWriter(body).WriteString(list.WrittenSpan);
        Assert.Throws<WireFormatException>(
            () => Add(Extension(KeyConstraint.AssociatedCertificates.Name, body.WrittenSpan)));

        byte[] token = WireVectors.Bytes("req-smartcard-add.bin");
        byte[] message =
            [.. token, .. Constraint(KeyConstraint.AssociatedCertificates.Name, body.WrittenSpan)];
        AgentRequest.AddSmartcardKey request =
            Assert.IsType<AgentRequest.AddSmartcardKey>(AgentRequest.Decode(message));
        KeyConstraint.AssociatedCertificates certificates =
            Assert.IsType<KeyConstraint.AssociatedCertificates>(Assert.Single(request.Constraints));
        Assert.True(certificates.CertificatesOnly);
        Assert.Equal(
            [new KeyBlob(WireVectors.Blob("rsa-cert.pub")), new KeyBlob(WireVectors.Blob("ed25519-cert.pub"))],
            certificates.Certificates);
        Assert.Equal(message, AgentRequestTests.Encode(request));

        byte[] provider = [.. token, .. Constraint(KeyConstraint.SkProvider.Name, [0, 0, 0, 1, 65])];
        Assert.Throws<WireFormatException>(() => AgentRequest.Decode(provider));
    }

    [Fact]
    public void Incomplete_destinations_are_refused()
    {
        KeySpecification key = new(new KeyBlob(WireVectors.Blob("ed25519.pub")), IsCa: false);
        DestinationHop here = new("", "", []);
        DestinationHop there = new("", "host", [key]);
        _ = Restrict(new DestinationConstraint(here, there));
        _ = Restrict(new DestinationConstraint(there, there));
        _ = Restrict(new DestinationConstraint(here, there with { User = new string('u', 256) }));
        DestinationConstraint[] refused =
        [
            new(here, there with { HostName = "" }),
            new(here, there with { Keys = [] }),
            new(there with { User = "user" }, there),
            new(there with { HostName = "" }, there),
            new(there with { Keys = [] }, there),
            new(here, there with { User = new string('u', 257) }),
            new(here, there with { Keys = [new KeySpecification(new KeyBlob(new byte[] { 1 }), false)] }),
        ];
        Assert.All(refused, constraint => Assert.Throws<WireFormatException>(() => Restrict(constraint)));
        Assert.Throws<WireFormatException>(() => Restrict());
    }

    [Fact]
    public void Reserved_fields_of_destinations_must_be_empty()
    {
        byte[] message = WireVectors.Bytes("req-add-destination.bin");
        int reserved = message.AsSpan().LastIndexOf("host-a.example"u8) + 14;
        Assert.Equal([0, 0, 0, 0], message[reserved..(reserved + 4)]);
        message[reserved + 3] = 1;
        Assert.Throws<WireFormatException>(() => Add(message));
    }

    [Fact]
    public void Numbers_of_destinations_and_certificates_have_limits()
    {
        KeySpecification key = new(new KeyBlob(WireVectors.Blob("ed25519.pub")), IsCa: false);
        DestinationConstraint one = new(new DestinationHop("", "", []), new DestinationHop("", "h", [key]));
        _ = Restrict([.. Enumerable.Repeat(one, WireLimits.MaxDestinationConstraints)]);
        Assert.Throws<WireFormatException>(
            () => Restrict([.. Enumerable.Repeat(one, WireLimits.MaxDestinationConstraints + 1)]));
        _ = Token(WireLimits.MaxAssociatedCertificates);
        Assert.Throws<WireFormatException>(() => Token(WireLimits.MaxAssociatedCertificates + 1));

        AgentRequest Token(int count)
        {
            KeyConstraint.AssociatedCertificates many = new(false, [.. Enumerable.Repeat(key.Key, count)]);
            return AgentRequest.Decode(
                AgentRequestTests.Encode(new AgentRequest.AddSmartcardKey("id", default, [many], true)));
        }
    }

    private static AgentRequest.AddIdentity Restrict(params DestinationConstraint[] constraints)
    {
        AgentRequest.AddIdentity plain = Add(WireVectors.Bytes("req-add-utf8.bin"));
        KeyConstraint[] list = [new KeyConstraint.RestrictDestination(constraints)];
        return Add(AgentRequestTests.Encode(plain with { Constraints = list, IsConstrained = true }));
    }

    private static AgentRequest.AddIdentity Add(byte[] message) =>
        Assert.IsType<AgentRequest.AddIdentity>(AgentRequest.Decode(message));

    private static byte[] Extension(string name, ReadOnlySpan<byte> body) =>
        [.. WireVectors.Bytes("req-add-confirm.bin"), .. Constraint(name, body)];

    private static byte[] Constraint(string name, ReadOnlySpan<byte> body)
    {
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output);
        writer.WriteByte(255);
        writer.WriteUtf8(name);
        writer.WriteBytes(body);
        return output.WrittenSpan.ToArray();
    }
}
