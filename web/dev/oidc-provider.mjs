// A certified OpenID provider in one process, for tests and for trying out: `node dev/oidc-provider.mjs` prints its
// issuer. Whoever types a name is that person, with the address <name>@example.org; "boss" is in the group "admins".
import { createServer } from "node:http";
import Provider from "oidc-provider";

const server = createServer();
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const redirects = (process.env.REDIRECTS ?? "http://127.0.0.1:8000/auth/oidc/callback/").split(",");
  const client = { redirect_uris: redirects, grant_types: ["authorization_code"], response_types: ["code"] };
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: "artel", client_secret: "the secret of the client" },
      { ...client, client_id: "public", token_endpoint_auth_method: "none" },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "email", "groups"],
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    findAccount: (_context, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        email: `${name}@example.org`,
        email_verified: true,
        groups: name === "boss" ? ["users", "admins"] : ["users"],
      }),
    }),
  });
  server.on("request", provider.callback());
  process.stdout.write(`issuer ${issuer}\n`);
});
