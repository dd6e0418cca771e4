// Signs the request of this collection. Variables: clientId, clientSecret, privateKey (PEM, PKCS#8 or PKCS#1),
// and what the requests fill in: b2bToken, customerToken.
// crypto-js is part of Postman. RSA is not: jsrsasign comes from npm, on the first token request.
const CryptoJS = require('crypto-js');

const variable = (name) => pm.collectionVariables.get(name) || '';

// The same moment in the header and in the string to sign, in Jakarta's time.
const timestamp = new Date(Date.now() + 7 * 3600 * 1000).toISOString().slice(0, 19) + '+07:00';

// What is hashed is what is sent: the body with its variables filled in.
const body = pm.variables.replaceIn(pm.request.body ? pm.request.body.raw || '' : '');
if (pm.request.body) {
    pm.request.body.update(body);
}

const path = '/' + pm.variables.replaceIn(pm.request.url.getPathWithQuery()).replace(/^\//, '');
let signature;
if (/\/access-token\/b2b(2c)?$/.test(path)) {
    const { KJUR, KEYUTIL, hextob64 } = pm.require('npm:jsrsasign@11.1.0');
    const rsa = new KJUR.crypto.Signature({ alg: 'SHA256withRSA' });
    rsa.init(KEYUTIL.getKey(variable('privateKey')));
    rsa.updateString(variable('clientId') + '|' + timestamp);
    signature = hextob64(rsa.sign());
    pm.request.headers.upsert({ key: 'X-CLIENT-KEY', value: variable('clientId') });
} else {
    const digest = CryptoJS.SHA256(body).toString(CryptoJS.enc.Hex);
    const text = [pm.request.method, path, variable('b2bToken'), digest, timestamp].join(':');
    signature = CryptoJS.HmacSHA512(text, variable('clientSecret')).toString(CryptoJS.enc.Base64);
    pm.request.headers.upsert({ key: 'X-PARTNER-ID', value: variable('clientId') });
    pm.request.headers.upsert({ key: 'Authorization', value: 'Bearer ' + variable('b2bToken') });
    pm.request.headers.upsert({ key: 'X-EXTERNAL-ID', value: String(Date.now()) + Math.floor(Math.random() * 1e6) });
}
pm.request.headers.upsert({ key: 'X-TIMESTAMP', value: timestamp });
pm.request.headers.upsert({ key: 'X-SIGNATURE', value: signature });
